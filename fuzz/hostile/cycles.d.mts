// What the test suite uses of the leak run.
import type { Duplex } from 'node:stream';
import type { Broker } from '../../src/index.js';
import type { Target } from './attacks.mjs';

export interface Connections {
  open(): Promise<Duplex | null>;
}

export declare const EXPIRY_MS: number;
export declare function connectionsTo(broker: Broker, address?: Target): Connections;
export declare function live(target: Connections, from: number, to: number, width?: number): Promise<void>;
export declare function residue(broker: Broker): Record<string, number>;
export declare function clearRetained(target: Connections): Promise<void>;
