// Checks Kubernetes manifests (a YAML stream on standard input) against the published schemas of their kinds. Runs beside the
// node_modules that hold them.
import { readFileSync } from "node:fs";
import yaml from "js-yaml";

let mistakes = 0;
let checked = 0;

for (const document of yaml.loadAll(readFileSync(0, "utf8"))) {
  const name = `${document.kind} ${document.metadata?.name}`;
  try {
    const module = await import(`kubernetes-models/${document.apiVersion}/${document.kind}`);
    new module[document.kind](document).validate();
    checked++;
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    mistakes++;
  }
}
console.log(`${checked} checked`);
process.exit(mistakes === 0 ? 0 : 1);
