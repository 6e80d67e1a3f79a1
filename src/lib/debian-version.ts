/** As dpkg orders versions: below zero where `a` is the older one. */
export function compareDebianVersions(a: string, b: string): number {
  const [first, second] = [partsOf(a), partsOf(b)];
  return (
    first.epoch - second.epoch ||
    compareParts(first.upstream, second.upstream) ||
    compareParts(first.revision, second.revision)
  );
}

function partsOf(version: string) {
  const [, epoch = "0", rest = version] = /^(\d+):(.*)$/s.exec(version) ?? [];
  const dash = rest.lastIndexOf("-");
  const [upstream, revision] = dash < 0 ? [rest, ""] : [rest.slice(0, dash), rest.slice(dash + 1)];
  return { epoch: Number(epoch), upstream, revision };
}

/** Runs of other characters and of digits take turns, beginning with others. */
function compareParts(a: string, b: string): number {
  let [left, right] = [a, b];
  while (left !== "" || right !== "") {
    const [leftText = "", rightText = ""] = [/^\D*/.exec(left)?.[0], /^\D*/.exec(right)?.[0]];
    const byText = compareText(leftText, rightText);
    if (byText !== 0) return byText;
    [left, right] = [left.slice(leftText.length), right.slice(rightText.length)];
    const [leftDigits = "", rightDigits = ""] = [/^\d*/.exec(left)?.[0], /^\d*/.exec(right)?.[0]];
    const byNumber = Number(leftDigits) - Number(rightDigits);
    if (byNumber !== 0) return byNumber;
    [left, right] = [left.slice(leftDigits.length), right.slice(rightDigits.length)];
  }
  return 0;
}

function compareText(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = orderOf(a[i]) - orderOf(b[i]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A tilde comes before the end, letters before all else. */
function orderOf(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === "~") return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
