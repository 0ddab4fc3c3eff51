// What a broker did for one command: recorded by a relay in front of Mosquitto, and played back by a server that
// knows nothing else.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type ConnectPacket, decodeOne, encodePacket, type Packet } from '../../src/protocol/index.js';
import { PacketReader } from '../tools/packets.js';

/** Reason codes and payloads; what did not come is left out. */
export interface Exchange {
  connack?: number;
  suback?: number;
  /** What the tool sent to which topic. */
  request?: string;
  puback?: number;
  response?: string;
}

const decoder = new TextDecoder();

type Version = ConnectPacket['version'];

/** The packets of one connection, in either direction, decoded. */
class Conversation {
  #version: Version = 5;

  get version(): Version {
    return this.#version;
  }

  reader(found: (packet: Packet) => void): PacketReader {
    return new PacketReader(({ bytes }) => {
      const packet = decodeOne(bytes, this.#version);
      if (packet.type === 'connect') this.#version = packet.version;
      found(packet);
    });
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Stands in front of a broker and writes down what passes. */
export class Relay {
  exchange: Exchange = {};
  readonly #server: Server;

  constructor(port: number) {
    this.#server = createServer((tool) => this.#serve(tool, connect(port, '127.0.0.1')));
  }

  listen(): Promise<number> {
    return listen(this.#server);
  }

  close(): void {
    this.#server.close();
  }

  #serve(tool: Socket, broker: Socket): void {
    const conversation = new Conversation();
    const fromTool = conversation.reader((packet) => this.#note(packet, 'request'));
    const fromBroker = conversation.reader((packet) => this.#note(packet, 'response'));
    tool.on('data', (chunk) => fromTool.read(chunk)).on('error', () => broker.destroy());
    broker.on('data', (chunk) => fromBroker.read(chunk)).on('error', () => tool.destroy());
    tool.pipe(broker).pipe(tool);
  }

  #note(packet: Packet, kind: 'request' | 'response'): void {
    const { exchange } = this;
    if (packet.type === 'connack') exchange.connack = packet.reason;
    else if (packet.type === 'suback') exchange.suback = packet.reasons[0]!;
    else if (packet.type === 'puback' && kind === 'response') exchange.puback = packet.reason;
    else if (packet.type === 'publish')
      exchange[kind] =
        kind === 'request'
          ? `${packet.topic} ${decoder.decode(packet.payload)}`
          : decoder.decode(packet.payload);
  }
}

/** A broker that answers as it is told, and notes what was asked. */
export class Player {
  exchange: Exchange = {};
  /** The response to a request, in place of `exchange.response`. */
  respond: ((request: string) => string) | undefined;
  /** What came in place of `exchange.request`. */
  request: string | undefined;
  readonly #server = createServer((socket) => this.#serve(socket));

  listen(): Promise<number> {
    return listen(this.#server);
  }

  close(): void {
    this.#server.close();
  }

  #serve(socket: Socket): void {
    const conversation = new Conversation();
    let filter = '';
    const send = (packet: Packet): void => void socket.write(encodePacket(packet, conversation.version));
    const reader = conversation.reader((packet) => {
      const { connack = 0, suback = 0, puback = 0, response } = this.exchange;
      if (packet.type === 'connect') send({ type: 'connack', sessionPresent: false, reason: connack });
      else if (packet.type === 'subscribe') {
        filter = packet.subscriptions[0]!.filter;
        send({ type: 'suback', packetId: packet.packetId, reasons: [suback] });
      } else if (packet.type === 'pubrel') send({ type: 'pubcomp', packetId: packet.packetId, reason: 0 });
      else if (packet.type === 'publish') {
        this.request = `${packet.topic} ${decoder.decode(packet.payload)}`;
        if (packet.qos > 0)
          send({ type: packet.qos === 1 ? 'puback' : 'pubrec', packetId: packet.packetId!, reason: puback });
        const text = this.respond?.(this.request) ?? response;
        if (text !== undefined) send(messageTo(filter, text));
      }
    });
    socket.on('data', (chunk) => reader.read(chunk)).on('error', () => {});
  }
}

function messageTo(topic: string, text: string): Packet {
  return { type: 'publish', topic, payload: Buffer.from(text), qos: 0, retain: false, dup: false };
}
