import { readFileSync } from "node:fs";
import { DockerfileParser } from "dockerfile-ast";

/**
 * What a Dockerfile says, as far as ours goes: its stages, each a list of `{ keyword, args, words }`.
 * The exec form of an instruction is `words`; of the shell form `args` is the command.
 */
export function readDockerfile(file) {
  const dockerfile = DockerfileParser.parse(readFileSync(file, "utf8"));
  const stages = [];
  for (const instruction of dockerfile.getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === "FROM") {
      stages.push({ from: instruction.getImage(), name: instruction.getBuildStage(), steps: [] });
      continue;
    }
    stages.at(-1).steps.push({
      keyword,
      args: instruction.getArguments().map((argument) => argument.getValue()),
      flags: Object.fromEntries((instruction.getFlags?.() ?? []).map((flag) => [flag.getName(), flag.getValue()])),
      properties: Object.fromEntries((instruction.getProperties?.() ?? []).map((property) => [property.getName(), property.getValue()])),
      words: (instruction.getJSONStrings?.() ?? []).map((word) => word.getJSONValue()),
      text: instruction.getRawArgumentsContent?.() ?? "",
    });
  }
  return stages;
}

/** All steps of one kind in a stage. */
export const steps = (stage, keyword) => stage.steps.filter((step) => step.keyword === keyword);

/** The variables a stage ends with. */
export const environment = (stage) => Object.assign({}, ...steps(stage, "ENV").map((step) => step.properties));
