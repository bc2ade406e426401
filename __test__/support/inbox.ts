/** Collects what listeners are called with, and waits for a number of calls. */
export function inbox<Args extends unknown[] = [message: string, channel: string]>() {
  const received: Args[] = [];
  let wake = () => {};
  return {
    received,
    listener: (...args: Args) => {
      received.push(args);
      wake();
    },
    async count(expected: number) {
      while (received.length < expected) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}
