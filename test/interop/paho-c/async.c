/* The asynchronous client of Paho for C: everything by callbacks, which run on the library's threads.
 *
 *   async PORT VERSION TOPIC COUNT
 *
 * For each QoS: subscribes, publishes COUNT messages to itself, counts what is acknowledged and what arrives;
 * then does the same with a retained message, unsubscribes and disconnects. Prints a fact a line. */
#include <MQTTAsync.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int answers, arrived, in_order, retained, highest_qos, lost;
static int version;

static void check(int ok, const char *what, int code) {
  if (ok) return;
  fprintf(stderr, "%s failed: %d\n", what, code);
  exit(1);
}

static void count_one(int *counter) {
  pthread_mutex_lock(&lock);
  ++*counter;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void wait_for(int *counter, int wanted, const char *what) {
  struct timespec until;
  int rc = 0;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  pthread_mutex_lock(&lock);
  while (*counter < wanted && !rc) rc = pthread_cond_timedwait(&changed, &lock, &until);
  check(*counter >= wanted, what, *counter);
  pthread_mutex_unlock(&lock);
}

static void on_success(void *context, MQTTAsync_successData *data) {
  (void)context, (void)data;
  count_one(&answers);
}

static void on_success5(void *context, MQTTAsync_successData5 *data) {
  (void)context, (void)data;
  count_one(&answers);
}

static void on_failure(void *context, MQTTAsync_failureData *data) {
  check(0, context, data ? data->code : 0);
}

static void on_failure5(void *context, MQTTAsync_failureData5 *data) {
  check(0, context, data ? data->reasonCode : 0);
}

static int on_message(void *context, char *topic, int length, MQTTAsync_message *message) {
  char expected[32];
  (void)context, (void)length;
  snprintf(expected, sizeof expected, "message %d", arrived);
  if (strlen(expected) == (size_t)message->payloadlen && !memcmp(expected, message->payload, message->payloadlen))
    in_order++;
  if (message->qos > highest_qos) highest_qos = message->qos;
  if (message->retained) retained++;
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  count_one(&arrived);
  return 1;
}

static void on_lost(void *context, char *cause) {
  (void)context, (void)cause;
  lost++;
}

static MQTTAsync_responseOptions answer(const char *what) {
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  options.context = (void *)what;
  if (version == MQTTVERSION_5) options.onSuccess5 = on_success5, options.onFailure5 = on_failure5;
  else options.onSuccess = on_success, options.onFailure = on_failure;
  return options;
}

static void done(int rc, const char *what) {
  check(rc == MQTTASYNC_SUCCESS, what, rc);
  wait_for(&answers, 1, what);
  answers = 0;
}

static void publish(MQTTAsync client, const char *topic, const char *payload, int qos, int keep) {
  MQTTAsync_responseOptions options = answer("an acknowledgement");
  int rc = MQTTAsync_send(client, topic, strlen(payload), payload, qos, keep, &options);
  check(rc == MQTTASYNC_SUCCESS, "publish", rc);
}

int main(int argc, char **argv) {
  char uri[64], topic[256], id[24];
  check(argc == 5, "reading the arguments", argc);
  version = !strcmp(argv[2], "5") ? MQTTVERSION_5 : !strcmp(argv[2], "31") ? MQTTVERSION_3_1 : MQTTVERSION_3_1_1;
  int count = atoi(argv[4]);
  snprintf(uri, sizeof uri, "tcp://127.0.0.1:%s", argv[1]);
  snprintf(id, sizeof id, "c-async-%d", getpid());

  MQTTAsync client;
  MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
  create.MQTTVersion = version;
  create.maxBufferedMessages = count + 10;
  int rc = MQTTAsync_createWithOptions(&client, uri, id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
  check(rc == MQTTASYNC_SUCCESS, "create", rc);
  MQTTAsync_setCallbacks(client, NULL, on_lost, on_message, NULL);

  MQTTAsync_connectOptions old = MQTTAsync_connectOptions_initializer, five = MQTTAsync_connectOptions_initializer5;
  MQTTAsync_connectOptions *connect = version == MQTTVERSION_5 ? &five : &old;
  connect->MQTTVersion = version;
  connect->maxInflight = 20;
  connect->context = "connect";
  if (version == MQTTVERSION_5) connect->onSuccess5 = on_success5, connect->onFailure5 = on_failure5;
  else connect->onSuccess = on_success, connect->onFailure = on_failure;
  done(MQTTAsync_connect(client, connect), "connect");

  for (int qos = 0; qos <= 2; qos++) {
    snprintf(topic, sizeof topic, "%s/qos/%d", argv[3], qos);
    arrived = in_order = highest_qos = 0;
    MQTTAsync_responseOptions options = answer("subscribe");
    done(MQTTAsync_subscribe(client, topic, qos, &options), "subscribe");
    for (int index = 0; index < count; index++) {
      char payload[32];
      snprintf(payload, sizeof payload, "message %d", index);
      publish(client, topic, payload, qos, 0);
    }
    wait_for(&answers, count, "acknowledgements");
    answers = 0;
    wait_for(&arrived, count, "messages");
    printf("QoS %d: %d arrived, %d in order, QoS %d\n", qos, arrived, in_order, highest_qos);
  }

  snprintf(topic, sizeof topic, "%s/kept", argv[3]);
  arrived = retained = 0;
  publish(client, topic, "kept", 1, 1);
  wait_for(&answers, 1, "acknowledgement of a retained message");
  answers = 0;
  MQTTAsync_responseOptions options = answer("subscribe");
  done(MQTTAsync_subscribe(client, topic, 1, &options), "subscribe");
  wait_for(&arrived, 1, "retained message");
  options = answer("unsubscribe");
  done(MQTTAsync_unsubscribe(client, topic, &options), "unsubscribe");
  publish(client, topic, "", 1, 1);
  wait_for(&answers, 1, "acknowledgement of the clearing");
  answers = 0;
  printf("retained: %d of %d\n", retained, arrived);

  MQTTAsync_disconnectOptions old_end = MQTTAsync_disconnectOptions_initializer;
  MQTTAsync_disconnectOptions five_end = MQTTAsync_disconnectOptions_initializer5;
  MQTTAsync_disconnectOptions *end = version == MQTTVERSION_5 ? &five_end : &old_end;
  end->timeout = 2000;
  end->context = "disconnect";
  if (version == MQTTVERSION_5) end->onSuccess5 = on_success5, end->onFailure5 = on_failure5;
  else end->onSuccess = on_success, end->onFailure = on_failure;
  done(MQTTAsync_disconnect(client, end), "disconnect");
  printf("connection lost: %d\n", lost);
  MQTTAsync_destroy(&client);
  return 0;
}
