/* The synchronous client of Paho for C, as small programs use it: no callbacks, no threads of its own making.
 *
 *   sync round_trip|retained|session|will PORT VERSION TOPIC [COUNT]
 *
 * Prints what it saw, a fact a line; ends with status 1 at the first thing that goes wrong. */
#include <MQTTClient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char uri[64];
static int version;
static const char *prefix;

static void check(int ok, const char *what, int code) {
  if (ok) return;
  fprintf(stderr, "%s failed: %d\n", what, code);
  exit(1);
}

static const char *topic_of(const char *name) {
  static char topics[4][256]; /* a caller holds at most a few at a time */
  static int next;
  char *topic = topics[next++ % 4];
  snprintf(topic, sizeof topics[0], "%s/%s", prefix, name);
  return topic;
}

static MQTTClient connect_as(const char *id, int clean, const char *will, int *session_present) {
  MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
  MQTTClient_willOptions will_options = MQTTClient_willOptions_initializer;
  MQTTClient_connectOptions old = MQTTClient_connectOptions_initializer;
  MQTTClient_connectOptions five = MQTTClient_connectOptions_initializer5;
  MQTTClient_connectOptions *options = version == MQTTVERSION_5 ? &five : &old;
  MQTTClient client;
  char made_up[24];
  static int clients;
  if (!id) { /* MQTT 3.1 wants an identifier of everyone */
    snprintf(made_up, sizeof made_up, "c-%d-%d", getpid(), clients++);
    id = made_up;
  }
  create.MQTTVersion = version;
  int rc = MQTTClient_createWithOptions(&client, uri, id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
  check(rc == MQTTCLIENT_SUCCESS, "create", rc);
  options->MQTTVersion = version;
  options->reliable = 0; /* more than one message in flight */
  options->keepAliveInterval = 20;
  options->connectTimeout = 10;
  options->username = "anyone";
  options->password = "anything";
  if (will) {
    will_options.topicName = will;
    will_options.message = "gone";
    will_options.qos = 2;
    will_options.retained = 1;
    options->will = &will_options;
  }
  if (version == MQTTVERSION_5) {
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, .value.integer4 = clean ? 0 : 600};
    MQTTProperties_add(&properties, &expiry);
    options->cleanstart = clean;
    MQTTResponse response = MQTTClient_connect5(client, options, &properties, NULL);
    check(response.reasonCode == MQTTREASONCODE_SUCCESS, "connect", response.reasonCode);
    MQTTResponse_free(response);
    MQTTProperties_free(&properties);
  } else {
    options->cleansession = clean;
    rc = MQTTClient_connect(client, options);
    check(rc == MQTTCLIENT_SUCCESS, "connect", rc);
  }
  if (session_present) *session_present = options->returned.sessionPresent;
  return client;
}

static void subscribe(MQTTClient client, const char *topic, int qos) {
  int code;
  if (version == MQTTVERSION_5) {
    MQTTResponse response = MQTTClient_subscribe5(client, topic, qos, NULL, NULL);
    code = response.reasonCode;
    MQTTResponse_free(response);
    check(code == qos, "subscribe", code);
  } else {
    code = MQTTClient_subscribe(client, topic, qos);
    check(code == MQTTCLIENT_SUCCESS, "subscribe", code);
  }
}

static MQTTClient_deliveryToken publish(MQTTClient client, const char *topic, const char *payload, int qos, int retained) {
  MQTTClient_deliveryToken token = 0;
  int code;
  if (version == MQTTVERSION_5) {
    MQTTResponse response = MQTTClient_publish5(client, topic, strlen(payload), payload, qos, retained, NULL, &token);
    code = response.reasonCode;
    MQTTResponse_free(response);
  } else {
    code = MQTTClient_publish(client, topic, strlen(payload), payload, qos, retained, &token);
  }
  check(code == MQTTCLIENT_SUCCESS, "publish", code);
  return token;
}

static void publish_and_wait(MQTTClient client, const char *topic, const char *payload, int qos, int retained) {
  MQTTClient_deliveryToken token = publish(client, topic, payload, qos, retained);
  if (qos == 0) return;
  int rc = MQTTClient_waitForCompletion(client, token, 10000);
  check(rc == MQTTCLIENT_SUCCESS, "waiting for an acknowledgement", rc);
}

/* The next message; the caller frees it. Paho says 0 or "topic truncated" for success. */
static MQTTClient_message *receive(MQTTClient client, char **topic) {
  MQTTClient_message *message = NULL;
  int length;
  int rc = MQTTClient_receive(client, topic, &length, &message, 10000);
  check(rc == MQTTCLIENT_SUCCESS && message, "receiving within 10 s", rc);
  return message;
}

static void print_next(MQTTClient client) {
  char *topic;
  MQTTClient_message *message = receive(client, &topic);
  printf("%s: %.*s, QoS %d%s\n", topic + strlen(prefix) + 1, message->payloadlen, (char *)message->payload, message->qos,
         message->retained ? ", retained" : "");
  MQTTClient_freeMessage(&message);
  MQTTClient_free(topic);
}

static void disconnect(MQTTClient client) {
  int rc = version == MQTTVERSION_5 ? MQTTClient_disconnect5(client, 2000, MQTTREASONCODE_SUCCESS, NULL)
                                    : MQTTClient_disconnect(client, 2000);
  check(rc == MQTTCLIENT_SUCCESS, "disconnect", rc);
  MQTTClient_destroy(&client);
}

static void round_trip(int count) {
  MQTTClient sender = connect_as(NULL, 1, NULL, NULL), receiver = connect_as(NULL, 1, NULL, NULL);
  for (int qos = 0; qos <= 2; qos++) {
    char name[16], payload[32];
    snprintf(name, sizeof name, "qos/%d", qos);
    const char *topic = topic_of(name);
    subscribe(receiver, topic, qos);
    for (int sent = 0, got = 0; got < count;) {
      MQTTClient_deliveryToken last = 0;
      for (int batch = 0; batch < 20 && sent < count; batch++, sent++) {
        snprintf(payload, sizeof payload, "message %d", sent);
        last = publish(sender, topic, payload, qos, 0);
      }
      for (; got < sent; got++) {
        char *at;
        MQTTClient_message *message = receive(receiver, &at);
        snprintf(payload, sizeof payload, "message %d", got);
        check(strlen(payload) == (size_t)message->payloadlen && !memcmp(payload, message->payload, message->payloadlen),
              "order", got);
        check(message->qos == qos, "QoS as published", message->qos);
        MQTTClient_freeMessage(&message);
        MQTTClient_free(at);
      }
      if (qos) check(MQTTClient_waitForCompletion(sender, last, 10000) == 0, "acknowledgement", sent);
    }
    printf("QoS %d: %d in order\n", qos, count);
  }
  disconnect(sender);
  disconnect(receiver);
}

static void retained(void) {
  MQTTClient client = connect_as(NULL, 1, NULL, NULL);
  publish_and_wait(client, topic_of("kept"), "first", 1, 1);
  publish_and_wait(client, topic_of("kept"), "second", 2, 1);
  publish_and_wait(client, topic_of("cleared"), "first", 1, 1);
  publish_and_wait(client, topic_of("cleared"), "", 1, 1);
  MQTTClient late = connect_as(NULL, 1, NULL, NULL);
  subscribe(late, topic_of("#"), 2);
  print_next(late);
  publish_and_wait(client, topic_of("kept"), "third", 1, 1);
  print_next(late);
  publish_and_wait(client, topic_of("kept"), "", 1, 1);
  print_next(late);
  disconnect(client);
  disconnect(late);
}

static void session(void) {
  char id[24];
  int present;
  snprintf(id, sizeof id, "c-%d", getpid());
  MQTTClient client = connect_as(id, 0, NULL, &present);
  printf("session present: %d\n", present);
  subscribe(client, topic_of("queue"), 2);
  disconnect(client);
  MQTTClient sender = connect_as(NULL, 1, NULL, NULL);
  publish_and_wait(sender, topic_of("queue"), "one", 2, 0);
  publish_and_wait(sender, topic_of("queue"), "two", 2, 0);
  disconnect(sender);
  client = connect_as(id, 0, NULL, &present);
  printf("session present: %d\n", present);
  print_next(client);
  print_next(client);
  disconnect(client);
  client = connect_as(id, 1, NULL, &present);
  printf("session present: %d\n", present);
  disconnect(client);
}

int main(int argc, char **argv) {
  check(argc >= 5, "reading the arguments", argc);
  setvbuf(stdout, NULL, _IOLBF, 0);
  snprintf(uri, sizeof uri, "tcp://127.0.0.1:%s", argv[2]);
  version = !strcmp(argv[3], "5") ? MQTTVERSION_5 : !strcmp(argv[3], "31") ? MQTTVERSION_3_1 : MQTTVERSION_3_1_1;
  prefix = argv[4];
  if (!strcmp(argv[1], "round_trip")) round_trip(argc > 5 ? atoi(argv[5]) : 100);
  else if (!strcmp(argv[1], "retained")) retained();
  else if (!strcmp(argv[1], "session")) session();
  else if (!strcmp(argv[1], "will")) {
    connect_as(NULL, 1, topic_of("will"), NULL);
    puts("connected, waiting to be killed");
    for (;;) pause();
  } else check(0, argv[1], 0);
  return 0;
}
