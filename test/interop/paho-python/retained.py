"""Retained messages: set, replaced, sent to later subscribers and to those of a wildcard, cleared."""
from paho_client import TOPIC, Client, facts, report

client = Client().connect()
for qos in (0, 1, 2):
    client.publish(f"{TOPIC}/a/{qos}", "old", qos, True)
    client.publish(f"{TOPIC}/a/{qos}", f"kept at {qos}", qos, True)
client.publish(f"{TOPIC}/b", "cleared", 1, True)
client.publish(f"{TOPIC}/b", None, 1, True)
client.publish(f"{TOPIC}/c", "not retained", 1)

late = Client().connect()
late.subscribe(f"{TOPIC}/#", 2)
late.wait_for(3)
client.publish(f"{TOPIC}/a/1", "live", 1, True)
late.wait_for(4)
seen = [facts(message) for message in late.messages]
for qos in (0, 1, 2):
    client.publish(f"{TOPIC}/a/{qos}", b"", 1, True)

empty = Client().connect()
empty.subscribe(f"{TOPIC}/#", 2)
empty.publish(f"{TOPIC}/end", "end", 1)
empty.wait_for(1)
report(seen=seen, after_clearing=[facts(message) for message in empty.messages])
for each in (client, late, empty):
    each.disconnect()
