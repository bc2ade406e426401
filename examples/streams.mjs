// Consumers of a stream. REDIS_URL names the server: node examples/streams.mjs
import { RedisClient } from "../index.js";

const client = new RedisClient();
const stream = "example:orders";

for (let order = 1; order <= 6; order++) await client.xadd(stream, "*", "order", order, "item", "book");

// A message is acknowledged when the loop asks for the next one.
for await (const { fields } of client.consume(stream, { group: "billing", consumer: "first" })) {
  console.log("first bills order", fields.order);
  // It stays pending, for it was not acknowledged.
  if (fields.order === "3") break;
}

// Another consumer claims what the first one has left behind, and gives up what fails again and again.
let left = 4;
const second = client.consume(stream, {
  group: "billing",
  consumer: "second",
  minIdle: 10,
  maxDeliveries: 2,
  onDeadLetter: ({ fields, deliveries }) => {
    console.log("order", fields.order, "was delivered", deliveries, "times");
    left--;
    void second.close();
  },
});
await second.process(
  ({ fields, deliveries }) => {
    if (fields.order === "5") throw new Error("no such book");
    left--;
    console.log("second bills order", fields.order, "in delivery", deliveries);
  },
  { onError: (error, { fields }) => console.log("order", fields.order, "failed:", /** @type {Error} */ (error).message) },
);
console.log(left, "orders are left");

await client.del(stream);
client.close();

// Prints:
// first bills order 1
// first bills order 2
// first bills order 3
// second bills order 3 in delivery 2
// second bills order 4 in delivery 2
// order 5 failed: no such book
// second bills order 6 in delivery 2
// order 5 was delivered 3 times
// 0 orders are left
