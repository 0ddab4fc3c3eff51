// The oracle of the loss runs sees what it is there for: a run that finds nothing must mean that nothing was wrong.
import { describe, expect, it } from 'vitest';
import { Oracle, type ReceiverOptions } from '../../fuzz/hostile/oracle.mjs';

const one = { id: 'one', isGone: false };

/** Three messages p/t/0 to p/t/2 were published, and these came. */
function problemsOf(came: string[], qos: number, options: ReceiverOptions = {}): readonly string[] {
  const oracle = new Oracle();
  for (let number = 0; number < 3; number++) oracle.published('p', 't', number, qos);
  const receiver = oracle.receiver('r', options);
  for (const what of came) {
    const dup = what.endsWith('dup');
    oracle.received(receiver, one, `p/t/${what[0]}`, { dup, qos });
  }
  return oracle.close();
}

describe('the oracle', () => {
  it('has nothing against what is as it must be', () => {
    expect(problemsOf(['0', '1', '2'], 1)).toEqual([]);
    expect(problemsOf(['0', '1', '1 dup', '2', '0 dup'], 1)).toEqual([]);
    expect(problemsOf(['0', '1', '2'], 2)).toEqual([]);
    expect(problemsOf(['0', '0', '1', '2', '1', '2'], 2, { copies: 2 })).toEqual([]);
  });

  it('sees a loss', () => {
    expect(problemsOf(['0', '2'], 1)).toEqual(['r: p/t/1 (QoS 1) is lost']);
    expect(problemsOf(['0', '1', '2', '0', '1'], 2, { copies: 2 })).toEqual(['r: p/t/2 (QoS 2) is lost']);
  });

  it('sees a duplicate: any of QoS 2, without DUP of QoS 1', () => {
    expect(problemsOf(['0', '1', '1 dup', '2'], 2)).toEqual(['r: p/t/1 (QoS 2) came 2 times']);
    expect(problemsOf(['0', '1', '1', '2'], 1)).toEqual(['r: p/t/1 came again without DUP']);
  });

  it('sees disorder, strangers and a wrong QoS', () => {
    expect(problemsOf(['0', '2', '1'], 1)).toEqual(['r: p/t/1 came after number 2']);
    expect(problemsOf(['0', '1', '2', '7'], 1)).toEqual(['r: p/t/7 was never published']);
    expect(problemsOf(['0', '1', '2'], 1, { qos: 0 })[0]).toBe('r: p/t/0 came with QoS 1, not 0');
  });

  it('lets a member of a shared subscription have what another left unfinished, and only that', () => {
    const oracle = new Oracle();
    oracle.published('p', 't', 0, 1);
    oracle.published('p', 't', 1, 1);
    const receiver = oracle.receiver('group', { isShared: true });
    const first = { dup: false, qos: 1 };
    oracle.received(receiver, { id: 'gone', isGone: true }, 'p/t/0', first);
    oracle.received(receiver, one, 'p/t/0', first);
    oracle.received(receiver, { id: 'there', isGone: false }, 'p/t/1', first);
    oracle.received(receiver, one, 'p/t/1', first);
    expect(oracle.close()).toEqual(['group: p/t/1 came again without DUP']);
  });
});
