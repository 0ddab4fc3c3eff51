// Thousands of connections from one address: the broker stays small, and goes on serving others. CONNECTIONS=10000 is
// the long version.
import { expect, it, onTestFinished, vi } from 'vitest';
import { EVIL, Scene } from './scene.js';

const THOUSANDS = Number(process.env['CONNECTIONS'] ?? 2000) / 1000;

it('thousands of connections from one address leave it those that it may have', async () => {
  const scene = await Scene.open({ maxConnectionsPerAddress: 50 });
  onTestFinished(() => scene.close());
  await scene.join();
  const { metrics } = scene.broker;
  let most = 0;
  for (let i = 0; i < THOUSANDS; i++) {
    await scene.attacker.openMany(1000);
    await scene.isServed();
    most = Math.max(most, metrics.connectionsCurrent);
  }
  await vi.waitFor(() => expect(metrics.connectionsOpened).toBe(THOUSANDS * 1000 + 1), 5000);
  // those that it may have, those that are being refused, and the honest one
  expect(most).toBeLessThanOrEqual(50 + 100 + 1);
  expect(metrics.connectionsRefused).toBeGreaterThan(THOUSANDS * 900);
  expect(scene.lines).toContain(`Connection from ${EVIL} refused: its address has 50 connections already.`);
  expect(scene.lines.some((line) => /^\d+ more lines about clients/.test(line))).toBe(true);
  expect(scene.lines.length).toBeLessThan(3000);
}, 60_000);
