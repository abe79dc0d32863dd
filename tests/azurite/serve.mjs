// usage: node serve.mjs [DIRECTORY]
// Serves Azurite on free ports of the loopback interface, in memory or in a directory, until its standard input ends: it never outlives who
// started it, however that one ended. What it says on standard output names the ports.
import { createRequire } from "node:module";

process.stdin.on("end", () => process.exit(0));
process.stdin.on("error", () => process.exit(0));
process.stdin.resume();

const [directory] = process.argv.splice(2);
process.argv.push(
  "--blobPort", "0", "--tablePort", "0", "--queuePort", "0",
  ...(directory === undefined ? ["--inMemoryPersistence"] : ["--location", directory]), "--disableTelemetry", "--skipApiVersionCheck", "--silent");
createRequire(import.meta.url)("azurite/dist/src/azurite.js");
