# The shortest subscriber: it asks for its topic without waiting to hear that it is connected.
import sys

import paho.mqtt.client as mqtt

client = mqtt.Client()
client.username_pw_set("myUsername", "myPassword")
client.connect("127.0.0.1", int(sys.argv[1]), 60)
client.subscribe("/topic/qos0")
client.loop_forever()
