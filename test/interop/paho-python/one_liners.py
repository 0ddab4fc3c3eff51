"""Paho's own shortcuts: publish.single and multiple, subscribe.simple and callback."""
import threading

import paho.mqtt.publish as publish
import paho.mqtt.subscribe as subscribe

from paho_client import HOST, PORT, PROTOCOL, TOPIC, V5, facts, report

where = {"hostname": HOST, "port": PORT, "protocol": PROTOCOL}
# MQTT 5 has no clean session, and Paho 1.6 insists that it is not given
whence = dict(where, clean_session=None) if V5 else where
user = {"username": "anyone", "password": "anything"}

publish.single(f"{TOPIC}/single", "one", qos=2, retain=True, auth=user, **where)
publish.multiple(
    [
        {"topic": f"{TOPIC}/multiple/dictionary", "payload": "two", "qos": 1, "retain": True},
        (f"{TOPIC}/multiple/tuple", "three", 0, True),
        (f"{TOPIC}/multiple/chinese", "四", 2, True),
    ],
    **where,
)
single = subscribe.simple(f"{TOPIC}/single", qos=2, auth=user, **whence)
several = subscribe.simple([f"{TOPIC}/multiple/#"], qos=1, msg_count=3, **whence)

seen = []


def on_message(client, userdata, message):
    seen.append(facts(message))
    client.disconnect()


thread = threading.Thread(
    target=subscribe.callback, args=(on_message, [f"{TOPIC}/single"]), kwargs=dict(qos=0, **whence), daemon=True
)
thread.start()
thread.join(10)
publish.multiple(
    [(f"{TOPIC}/{name}", None, 1, True) for name in ("single", "multiple/dictionary", "multiple/tuple", "multiple/chinese")],
    **where,
)
report(single=facts(single), several=sorted(facts(message)["payload"] for message in several), callback=seen)
