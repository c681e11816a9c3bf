#!/bin/sh
# The Debian packages of this system as an SPDX 2.3 document on standard output.
set -eu

created=$(date -u +%Y-%m-%dT%H:%M:%SZ)
packages=$(dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${Maintainer}\n' | LC_ALL=C sort)
digest=$(printf '%s' "$packages" | sha256sum | cut -d' ' -f1)

cat <<END
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "teamsentry-runtime",
  "documentNamespace": "https://teamsentry.ai/spdx/runtime-$digest",
  "creationInfo": { "created": "$created", "creators": ["Tool: teamsentry-sbom"] },
  "packages": [
END
printf '%s\n' "$packages" | awk -F '\t' '
    function json(text) { gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); return text }
    function id(text) { gsub(/[^A-Za-z0-9.-]/, "-", text); return text }
    function uri(text) { gsub(/%/, "%25", text); gsub(/\+/, "%2B", text); gsub(/:/, "%3A", text); gsub(/~/, "~", text); return text }
    {
        printf "%s    {\n", (NR > 1 ? ",\n" : "")
        printf "      \"SPDXID\": \"SPDXRef-%s\",\n", id($1)
        printf "      \"name\": \"%s\",\n      \"versionInfo\": \"%s\",\n", json($1), json($2)
        printf "      \"supplier\": \"Organization: %s\",\n", json($4)
        printf "      \"downloadLocation\": \"NOASSERTION\",\n      \"filesAnalyzed\": false,\n"
        printf "      \"externalRefs\": [{ \"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\",\n"
        printf "        \"referenceLocator\": \"pkg:deb/debian/%s@%s?arch=%s\" }]\n    }", uri($1), uri($2), $3
    }
    END { print "" }'
cat <<END
  ],
  "relationships": [
END
printf '%s\n' "$packages" | awk -F '\t' '
    function id(text) { gsub(/[^A-Za-z0-9.-]/, "-", text); return text }
    {
        printf "%s    { \"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", ", (NR > 1 ? ",\n" : "")
        printf "\"relatedSpdxElement\": \"SPDXRef-%s\" }", id($1)
    }
    END { print "" }'
cat <<END
  ]
}
END
