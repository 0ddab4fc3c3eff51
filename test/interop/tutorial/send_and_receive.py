# Sends a JSON document at once, before it knows that it is connected, and prints what it receives.
import json
import sys
import time

import paho.mqtt.client as mqtt

HOST = "127.0.0.1"
PORT = int(sys.argv[1])
client_id = "1083421xxxxx"


def on_connect(client, userdata, flags, rc):
    print("Connected with result code " + str(rc))
    client.subscribe("data/receive")


def on_message(client, userdata, msg):
    print("主题:" + msg.topic + " 消息:" + str(msg.payload.decode("utf-8")))


def on_subscribe(client, userdata, mid, granted_qos):
    print("On Subscribed: qos = %d" % granted_qos)


def on_disconnect(client, userdata, rc):
    if rc != 0:
        print("Unexpected disconnection %s" % rc)


data = {
    "type": 2,
    "timestamp": time.time(),
    "messageId": "9fcda359-89f5-4933-xxxx",
    "command": "xx/recommend",
    "data": {"openId": "xxxx", "appId": 1234, "recommendType": "temRecommend"},
}
param = json.dumps(data)
client = mqtt.Client(client_id=client_id)
client.username_pw_set("xxxxxx", "xxxxxx")
client.on_connect = on_connect
client.on_message = on_message
client.on_subscribe = on_subscribe
client.on_disconnect = on_disconnect
client.connect(HOST, PORT, 60)
client.publish("data/send", payload=param, qos=0)
client.loop_forever()
