"""Two clients send each other messages at every QoS at the same time; reports counts and orders."""
import sys

from paho_client import TOPIC, Client, report

COUNT = int(sys.argv[4])

result = {}
left, right = Client().connect(), Client().connect()
for qos in (0, 1, 2):
    for client, side in ((left, "left"), (right, "right")):
        client.messages.clear()
        assert client.subscribe(f"{TOPIC}/to/{side}/{qos}", qos) == [qos]
    for index in range(COUNT):
        infos = [
            right.paho.publish(f"{TOPIC}/to/left/{qos}", f"message {index}", qos),
            left.paho.publish(f"{TOPIC}/to/right/{qos}", f"message {index}", qos),
        ]
        # Paho 1.6 forgets its limit of messages in flight when it receives at QoS 2 as well; a broker may drop
        # what goes over its own limit, so wait now and then.
        if qos == 2 and index % 10 == 9:
            for client, info in zip((right, left), infos):
                client.wait_until(lambda: info.mid in client.published, "PUBCOMP")
    expected = [f"message {index}" for index in range(COUNT)]
    for client, side in ((left, "left"), (right, "right")):
        messages = client.wait_for(COUNT)
        result[f"{side} {qos}"] = {
            "count": len(messages),
            "in_order": [message.payload.decode() for message in messages] == expected,
            "qos": sorted({message.qos for message in messages}),
        }
left.disconnect()
right.disconnect()
report(**result)
