// A client of the engine's world that comes from an address of the test's choosing.
import { Peer } from '../engine/peer.js';
import type { World } from '../engine/world.js';

/** Its connection is there; it has sent nothing yet. */
export function visitor(world: World, address: string, version: 3 | 4 | 5 = 5): Peer {
  const engine = {
    accept: (line: object) => {
      Object.defineProperty(line, 'remoteAddress', { value: address });
      return world.engine.accept(line as Parameters<typeof world.engine.accept>[0]);
    },
  };
  return new Peer({ engine, turn: () => world.turn() } as unknown as World, version);
}
