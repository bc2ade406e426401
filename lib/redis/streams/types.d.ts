/** Consumers of streams: declarations. */
import type { KeyLike } from "../commands.js";

/** Options of {@link RedisStreams.consume}. */
export interface RedisConsumerOptions<Text = string> {
  /** The group of consumers that share the work. It is made when there is none. */
  group: KeyLike;
  /**
   * The name of this consumer in the group. One that is always the same gets what it had not acknowledged when it starts
   * again.
   */
  consumer: KeyLike;
  /** Where a group begins that is made: behind this ID, `$` for the end of the stream. Default `0`, the beginning. */
  start?: string;
  /** How many entries one read brings at most, for each stream; the next read waits until they are used up. Default 10. */
  count?: number;
  /** Milliseconds that one read waits on the server, from 1. Default 5000. */
  block?: number;
  /**
   * Whether a message is acknowledged when the next one is asked for, or when the handler has resolved. Default true. A
   * message can always be acknowledged with {@link RedisStreamMessage.ack}.
   */
  autoAck?: boolean;
  /**
   * Milliseconds after which an entry that some consumer has not acknowledged is claimed by this one (`XAUTOCLAIM`). It
   * should be much longer than the work on a message takes. Default: nothing is claimed.
   */
  minIdle?: number;
  /** How often a message is delivered; from then on it is given to `onDeadLetter`, which must be there. Default: no limit. */
  maxDeliveries?: number;
  /** Called with a message that was delivered too often, which is acknowledged afterwards. What it throws ends the iteration. */
  onDeadLetter?: (message: RedisStreamMessage<Text>) => unknown;
  /** Ends the iteration, as {@link RedisConsumer.close} does. */
  signal?: AbortSignal;
}

/** Options of {@link RedisConsumer.process}. */
export interface RedisProcessOptions<Text = string> {
  /** How many messages are worked on at the same time. Default 1. */
  concurrency?: number;
  /** Called with what the handler has thrown, instead of ending; the message stays unacknowledged. */
  onError?: (error: unknown, message: RedisStreamMessage<Text>) => unknown;
}

/** An entry of a stream, as a consumer gets it. */
export interface RedisStreamMessage<Text = string> {
  /** The ID in the stream. */
  readonly id: string;
  /** The name of the stream, as it was given to `consume`. */
  readonly stream: string;
  /** Fields and values; of a field that is there several times, the last value. */
  readonly fields: Record<string, Text>;
  /** How often the group has delivered it, this time included. */
  readonly deliveries: number;
  /** Whether {@link ack} was called. */
  readonly acknowledged: boolean;
  /**
   * Acknowledges it: it will not be delivered again. A lost connection is waited for.
   *
   * @returns whether it was still pending; `false` when somebody else has acknowledged it
   */
  ack(): Promise<boolean>;
}

/**
 * A consumer of a group. Its messages can be taken once, by a loop or by {@link process}. Whatever is not acknowledged
 * when it ends stays pending on the server.
 *
 * @example
 * ```ts
 * const consumer = client.consume("orders", { group: "billing", consumer: hostname(), minIdle: 60_000 });
 * for await (const { id, fields } of consumer) {
 *   await bill(id, fields); // acknowledged when the loop comes back
 * }
 * ```
 */
export interface RedisConsumer<Text = string> extends AsyncIterable<RedisStreamMessage<Text>> {
  [Symbol.asyncIterator](): AsyncGenerator<RedisStreamMessage<Text>, void, undefined>;
  /**
   * Calls a function with each message, with several at the same time if wanted. It resolves when the consumer is closed,
   * and rejects with what the handler has thrown unless there is an `onError`.
   *
   * @example
   * ```ts
   * await consumer.process(async ({ fields }) => resize(fields), {
   *   concurrency: 8,
   *   onError: (error, { id }) => log(id, error), // comes again when it is claimed, see minIdle
   * });
   * ```
   */
  process(
    handler: (message: RedisStreamMessage<Text>) => unknown,
    options?: RedisProcessOptions<Text>,
  ): Promise<void>;
  /**
   * Ends the wait for messages, and resolves when what was acknowledged so far is so. The loop or `process` ends without an
   * error; a message that is being worked on can still be acknowledged.
   */
  close(): Promise<void>;
  /** Closes it: `await using consumer = client.consume(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What reads streams. */
export interface RedisStreams<Text = string> {
  /**
   * Consumes one or several streams as a member of a group. Nothing is sent before the first message is asked for.
   *
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, RangeError with code `ERR_OUT_OF_RANGE`
   *   for unusable arguments
   * @example
   * ```ts
   * for await (const message of client.consume("mails", { group: "senders", consumer: "sender-1", autoAck: false })) {
   *   if (await deliver(message.fields)) await message.ack();
   * }
   * ```
   */
  consume(streams: KeyLike | readonly KeyLike[], options: RedisConsumerOptions<Text>): RedisConsumer<Text>;
}
