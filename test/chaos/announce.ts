/** In the child: tells the parent that it is ready, and ends with it. */
export function announce(ready: object): void {
  process.on('disconnect', () => process.exit(0));
  process.send?.(ready);
}
