# Publishes at QoS 1 and subscribes, while a thread of the library does the talking.
import sys
import time

import paho.mqtt.client as mqtt

MQTTHOST = "127.0.0.1"
MQTTPORT = int(sys.argv[1])
mqttClient = mqtt.Client()


def on_mqtt_connect():
    mqttClient.connect(MQTTHOST, MQTTPORT, 60)
    mqttClient.loop_start()


def on_publish(topic, payload, qos):
    mqttClient.publish(topic, payload, qos)


def on_message_come(lient, userdata, msg):
    print(msg.topic + " " + ":" + str(msg.payload))


def on_subscribe():
    mqttClient.subscribe("/server", 1)
    mqttClient.on_message = on_message_come


def main():
    on_mqtt_connect()
    on_publish("/test/server", "Hello Python!", 1)
    on_subscribe()
    while True:
        time.sleep(0.1)


if __name__ == "__main__":
    main()
