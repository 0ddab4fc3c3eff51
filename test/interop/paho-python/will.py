"""A will is published when its client vanishes, not when it disconnects (in MQTT 5: unless it asks for it)."""
from paho_client import TOPIC, V5, Client, facts, report

watcher = Client().connect()
watcher.subscribe(f"{TOPIC}/#", 2)


def will(name, qos=1, retain=False):
    return {"topic": f"{TOPIC}/{name}", "payload": f"{name} is gone", "qos": qos, "retain": retain}


Client(will=will("polite")).connect().disconnect()
Client(will=will("vanished", 2, True)).connect().vanish()
watcher.wait_for(1)
if V5:
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.reasoncodes import ReasonCodes

    wanted = ReasonCodes(PacketTypes.DISCONNECT, "Disconnect with will message")
    Client(will=will("asking", 0)).connect().disconnect(reasoncode=wanted)
    watcher.wait_for(2)
watcher.publish(f"{TOPIC}/end", "end", 2)
seen = [facts(message) for message in watcher.wait_for(3 if V5 else 2)]

late = Client().connect()
late.subscribe(f"{TOPIC}/vanished", 2)
late.wait_for(1)
late.publish(f"{TOPIC}/vanished", None, 1, True)
report(seen=seen, retained=facts(late.messages[0]))
watcher.disconnect()
late.disconnect()
