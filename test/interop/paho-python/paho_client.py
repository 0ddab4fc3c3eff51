"""What the programs of this folder share: a Paho client of any release (1.5 to 2.1), connected and run by its
own thread, that keeps what happens to it and can be waited for."""
import json
import socket
import sys
import threading

import paho.mqtt.client as mqtt

HOST = "127.0.0.1"
PORT = int(sys.argv[1])
PROTOCOL = {"31": mqtt.MQTTv31, "311": mqtt.MQTTv311, "5": mqtt.MQTTv5}[sys.argv[2]]
TOPIC = sys.argv[3]
V5 = PROTOCOL == mqtt.MQTTv5
LIMIT = 12  # seconds for any one wait


class Client:
    _changed = threading.Condition()  # one for all clients, so that one wait can look at several

    def __init__(self, client_id="", clean=True, will=None, on_message=None):
        options = {"client_id": client_id, "protocol": PROTOCOL}
        if not V5:
            options["clean_session"] = clean
        if hasattr(mqtt, "CallbackAPIVersion"):
            options["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION1
        self.paho = mqtt.Client(**options)
        self.clean = clean
        self.messages, self.connections, self.granted, self.unsubscribed, self.published = [], [], {}, {}, set()
        self.connack_properties = None
        self.on_message = on_message
        self.paho.max_queued_messages_set(0)
        self.paho.on_connect = self._on_connect
        self.paho.on_message = self._on_message
        self.paho.on_subscribe = self._on_subscribe
        self.paho.on_unsubscribe = self._on_unsubscribe
        self.paho.on_publish = self._on_publish
        if will:
            self.paho.will_set(**will)

    def connect(self, session_expiry=None, properties=None, keepalive=60):
        options = {}
        if V5:
            from paho.mqtt.packettypes import PacketTypes
            from paho.mqtt.properties import Properties

            properties = properties or Properties(PacketTypes.CONNECT)
            if session_expiry is not None:
                properties.SessionExpiryInterval = session_expiry
            options = {"clean_start": self.clean, "properties": properties}
        before = len(self.connections)
        self.paho.connect(HOST, PORT, keepalive, **options)
        self.paho.loop_start()
        self.wait_until(lambda: len(self.connections) > before, "CONNACK")
        return self

    def subscribe(self, topic, qos=0, **options):
        """Returns the granted QoS or reason codes."""
        if "options" not in options:
            options["qos"] = qos
        result, mid = self.paho.subscribe(topic, **options)
        assert result == mqtt.MQTT_ERR_SUCCESS, result
        self.wait_until(lambda: mid in self.granted, "SUBACK")
        return self.granted[mid]

    def unsubscribe(self, topic):
        result, mid = self.paho.unsubscribe(topic)
        assert result == mqtt.MQTT_ERR_SUCCESS, result
        self.wait_until(lambda: mid in self.unsubscribed, "UNSUBACK")
        return self.unsubscribed[mid]

    def publish(self, topic, payload=None, qos=0, retain=False, **options):
        """Waits until it is on its way (QoS 0) or acknowledged (QoS 1 and 2)."""
        info = self.paho.publish(topic, payload, qos, retain, **options)
        assert info.rc == mqtt.MQTT_ERR_SUCCESS, info.rc
        self.wait_until(lambda: info.mid in self.published, "acknowledgement of a PUBLISH")

    def wait_for(self, count):
        self.wait_until(lambda: len(self.messages) >= count, f"{count} messages")
        return self.messages

    def wait_until(self, holds, what):
        with self._changed:
            if self._changed.wait_for(holds, LIMIT):
                return
        last = facts(self.messages[-1]) if self.messages else None
        raise TimeoutError(f"no {what} in {LIMIT} s; {len(self.messages)} messages came, the last: {last}")

    def disconnect(self, **options):
        self.paho.disconnect(**options)
        self.paho.loop_stop()

    def vanish(self):
        """Cuts the connection without DISCONNECT, as a power failure does."""
        self.paho.socket().shutdown(socket.SHUT_RDWR)
        self.paho.disconnect()  # no reconnection
        self.paho.loop_stop()

    def _note(self, change):
        with self._changed:
            change()
            self._changed.notify_all()

    def _on_connect(self, client, userdata, flags, reason, properties=None):
        self.connack_properties = properties
        code = reason if isinstance(reason, int) else reason.value
        self._note(lambda: self.connections.append({"code": code, "session_present": bool(flags["session present"])}))

    def _on_message(self, client, userdata, message):
        if self.on_message:
            self.on_message(self, message)
        self._note(lambda: self.messages.append(message))

    def _on_subscribe(self, client, userdata, mid, granted, properties=None):
        codes = [code if isinstance(code, int) else code.value for code in granted]
        self._note(lambda: self.granted.update({mid: codes}))

    def _on_unsubscribe(self, client, userdata, mid, properties=None, reasons=None):
        reasons = reasons if isinstance(reasons, list) else [reasons]
        codes = [reason.value for reason in reasons if reason is not None]
        self._note(lambda: self.unsubscribed.update({mid: codes}))

    def _on_publish(self, client, userdata, mid):
        self._note(lambda: self.published.add(mid))


def facts(message):
    return {
        "topic": message.topic,
        "payload": message.payload.decode(),
        "qos": message.qos,
        "retain": bool(message.retain),
    }


def report(**result):
    print(json.dumps(result))
