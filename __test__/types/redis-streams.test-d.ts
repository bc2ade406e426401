/** Consumers and their messages. */
import { RedisClient, type RedisConsumer, type RedisStreamMessage } from "../../index.js";

declare const client: RedisClient;
declare const signal: AbortSignal;

async function loop() {
  const consumer: RedisConsumer = client.consume(["a", new Uint8Array()], {
    group: "g",
    consumer: "c",
    start: "$",
    count: 1,
    block: 1,
    autoAck: false,
    minIdle: 1,
    maxDeliveries: 1,
    onDeadLetter: ({ fields }) => fields.field?.toUpperCase(),
    signal,
  });
  for await (const message of consumer) {
    const acknowledged: boolean = await message.ack();
    message.stream.concat(message.id, String(message.deliveries), message.fields.field ?? "", String(acknowledged));
  }
  await consumer.process((message: RedisStreamMessage) => message.id, {
    concurrency: 2,
    onError: (error: unknown, message) => message.ack().then(() => error),
  });
  await using scoped = client.buffers.consume("s", { group: "g", consumer: "c" });
  for await (const { fields } of scoped) fields.field?.readUInt8(0);
  // @ts-expect-error a consumer has a name
  client.consume("s", { group: "g" });
}

export { loop };
