import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A way into a server: passes bytes on until it is shut. Then it is as if the server had been killed. */
export class Door {
  readonly #sockets = new Set<Socket>();
  readonly #listener: Server;
  #isBlocked = false;

  /** `host:port`; empty until it is open. */
  authority = '';

  private constructor(port: number) {
    this.#listener = createServer((outside) => {
      if (this.#isBlocked) {
        outside.destroy();
        return;
      }
      const inside = connect(port, '127.0.0.1');
      for (const [from, to] of [[outside, inside], [inside, outside]] as const) {
        this.#sockets.add(from);
        from.on('error', () => undefined); // its close follows
        from.on('close', () => to.destroy());
        from.pipe(to);
      }
    });
  }

  /** Opens one to the server at this address. */
  static async to(url: string): Promise<Door> {
    const door = new Door(Number(new URL(url).port));
    door.#listener.listen(0, '127.0.0.1');
    await once(door.#listener, 'listening');
    door.authority = `127.0.0.1:${(door.#listener.address() as AddressInfo).port}`;
    return door;
  }

  /** Cuts every connection and each new one, but keeps the port for {@link unblock}. */
  block(): void {
    this.#isBlocked = true;
    this.#sockets.forEach((socket) => socket.destroy());
  }

  /** Passes bytes on again. */
  unblock(): void {
    this.#isBlocked = false;
  }

  /** Cuts every connection, with calls under way, and takes no more. Idempotent. */
  async shut(): Promise<void> {
    if (!this.#listener.listening) {
      return;
    }
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    this.#sockets.forEach((socket) => socket.destroy());
    await closed;
  }
}
