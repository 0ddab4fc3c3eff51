// The oracle of the loss runs, for the test of itself.

export interface Receiver {
  readonly name: string;
}

export interface Member {
  readonly id: string;
  readonly isGone: boolean;
}

export interface ReceiverOptions {
  readonly qos?: number;
  readonly copies?: number;
  readonly isShared?: boolean;
  readonly mayRepeat?: boolean;
}

export declare class Oracle {
  published(publisher: string, topic: string, number: number, qos: number): void;
  resent(publisher: string, topic: string, number: number): void;
  receiver(name: string, options?: ReceiverOptions): Receiver;
  received(receiver: Receiver, member: Member, key: string, how: { dup: boolean; qos: number }): void;
  readonly isComplete: boolean;
  close(): readonly string[];
}
