# Publishes one message at QoS 2, before it knows that it is connected, and stays.
import sys

import paho.mqtt.client as mqtt

HOST = "127.0.0.1"
PORT = int(sys.argv[1])


def test():
    client = mqtt.Client()
    client.connect(HOST, PORT, 60)
    client.publish("chat", "hello liefyuan", 2)
    client.loop_forever()


if __name__ == "__main__":
    test()
