"""What only MQTT 5 has: properties, reason codes, subscription identifiers and options, topic aliases."""
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from paho_client import TOPIC, Client, facts, report


def properties(packet, **values):
    result = Properties(packet)
    for name, value in values.items():
        setattr(result, name, value)
    return result


result = {}

client = Client().connect(properties=properties(PacketTypes.CONNECT, TopicAliasMaximum=0, RequestProblemInformation=1))
connack = client.connack_properties
result["assigned_id"] = getattr(connack, "AssignedClientIdentifier", "")
result["topic_alias_maximum"] = getattr(connack, "TopicAliasMaximum", 0)

# every property of a PUBLISH, there and back
client.subscribe(f"{TOPIC}/properties", 2)
sent = properties(
    PacketTypes.PUBLISH,
    PayloadFormatIndicator=1,
    MessageExpiryInterval=600,
    ContentType="text/plain",
    ResponseTopic=f"{TOPIC}/answers",
    CorrelationData=b"\x00\x01\xff",
    UserProperty=[("k", "first"), ("k", "second"), ("温度", "23")],
)
for qos in (0, 1, 2):
    client.publish(f"{TOPIC}/properties", "with properties", qos, properties=sent)
result["properties"] = [
    {
        "format": message.properties.PayloadFormatIndicator,
        "expiry": message.properties.MessageExpiryInterval,
        "content_type": message.properties.ContentType,
        "response_topic": message.properties.ResponseTopic,
        "correlation": message.properties.CorrelationData.hex(),
        "user": message.properties.UserProperty,
    }
    for message in client.wait_for(3)
]
client.messages.clear()

# reason codes
result["granted"] = client.subscribe([(f"{TOPIC}/codes/{qos}", SubscribeOptions(qos=qos)) for qos in (0, 1, 2)])
result["unsubscribed"] = client.unsubscribe([f"{TOPIC}/codes/1", f"{TOPIC}/codes/unknown"])

# subscription identifiers: one of each subscription that matched
for identifier, name in ((1, "+/x"), (268435455, "ids/#")):
    client.subscribe(
        f"{TOPIC}/{name}", 1, properties=properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=identifier)
    )
client.publish(f"{TOPIC}/ids/x", "for both", 1)
client.publish(f"{TOPIC}/ids/end", "for one", 1)
client.wait_until(lambda: any(message.topic.endswith("end") for message in client.messages), "the last message")
identifiers = {}  # a broker may send one message with both identifiers or two with one each
for message in client.messages:
    identifiers.setdefault(message.payload.decode(), []).extend(message.properties.SubscriptionIdentifier)
result["identifiers"] = {payload: sorted(found) for payload, found in identifiers.items()}
client.messages.clear()

# topic aliases, from the client to the broker
client.subscribe(f"{TOPIC}/aliased", 1)
client.publish(f"{TOPIC}/aliased", "named", 1, properties=properties(PacketTypes.PUBLISH, TopicAlias=1))
for index in range(5):
    client.publish("", f"aliased {index}", index % 3, properties=properties(PacketTypes.PUBLISH, TopicAlias=1))
result["aliased"] = [[message.topic, message.payload.decode()] for message in client.wait_for(6)]
client.messages.clear()

# subscription options
client.subscribe(f"{TOPIC}/own", options=SubscribeOptions(qos=1, noLocal=True))
client.publish(f"{TOPIC}/own", "own", 1)
other = Client().connect()
other.publish(f"{TOPIC}/own", "of another", 1)
result["no_local"] = [facts(message)["payload"] for message in client.wait_for(1)]
client.messages.clear()

other.publish(f"{TOPIC}/kept", "kept", 1, True)
handled = {}
for name, handling, times in (("always", 0, 2), ("once", 1, 2), ("never", 2, 1)):
    reader = Client().connect()
    options = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=handling)
    for _ in range(times):
        reader.subscribe(f"{TOPIC}/kept", options=options)
    reader.subscribe(f"{TOPIC}/end/{name}", 1)
    reader.publish(f"{TOPIC}/end/{name}", "end", 1)
    reader.wait_until(lambda: any(message.payload == b"end" for message in reader.messages), "the last message")
    handled[name] = [facts(message)["payload"] for message in reader.messages]
    reader.disconnect()
result["retain_handling"] = handled

reader = Client().connect()
reader.subscribe(f"{TOPIC}/kept", options=SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=2))
other.publish(f"{TOPIC}/kept", "as published", 1, True)
result["retain_as_published"] = [facts(message)["retain"] for message in reader.wait_for(1)]
reader.disconnect()
other.publish(f"{TOPIC}/kept", None, 1, True)

# shared between two
members = [Client().connect() for _ in range(2)]
for member in members:
    member.subscribe(f"$share/pair/{TOPIC}/jobs", 1)
for index in range(40):
    other.publish(f"{TOPIC}/jobs", str(index), 1)
client.wait_until(lambda: sum(len(member.messages) for member in members) >= 40, "40 messages for both")
shares = [[int(message.payload) for message in member.messages] for member in members]
result["shared"] = {"all": sorted(shares[0] + shares[1]) == list(range(40)), "smallest": min(map(len, shares))}
for each in (client, other, *members):
    each.disconnect()
report(**result)
