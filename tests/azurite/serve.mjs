// usage: node serve.mjs [DIRECTORY [HOST BLOB-PORT TABLE-PORT]]
// Serves Azurite on free ports of the loopback interface, in memory or in a directory, until its standard input ends: it never outlives who
// started it, however that one ended. What it says on standard output names the ports. A line on standard input stops it in order: what it
// acknowledged is in the directory then, where it writes only every few seconds by itself.
import { createRequire } from "node:module";

const leave = () => process.exit(0);
process.stdin.on("end", leave);
process.stdin.on("error", leave);
process.stdin.once("data", () => {
  process.stdin.off("end", leave);
  setTimeout(leave, 10_000).unref();
  process.emit("SIGTERM");
});
process.stdin.resume();

const [directory, host = "127.0.0.1", blobPort = "0", tablePort = "0"] = process.argv.splice(2);
process.argv.push(
  "--blobHost", host, "--tableHost", host, "--blobPort", blobPort, "--tablePort", tablePort, "--queuePort", "0",
  ...(directory === undefined ? ["--inMemoryPersistence"] : ["--location", directory]), "--disableTelemetry", "--skipApiVersionCheck", "--silent");
createRequire(import.meta.url)("azurite/dist/src/azurite.js");
