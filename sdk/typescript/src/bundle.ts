/**
 * A part of a ledger in one file, judged line by line under keys that the auditor pinned, and never
 * under those inside.
 *
 * Nothing in a bundle is believed because it is there: everything is worked out again, and what
 * could not be checked is told.
 */

import { sha256 as digest } from "@noble/hashes/sha2.js";
import { checkpointOf } from "./artifact.js";
import type { Checkpoint } from "./checkpoint.js";
import { checkRead } from "./check.js";
import { Course } from "./course.js";
import { hex, utf8 } from "./encoding.js";
import { Chain, Signatures } from "./heads.js";
import { JsonError, clip, same } from "./json.js";
import { verifies, verifyDomain } from "./keys.js";
import { MAX_LINE, isNamedAfterItself, isOfAnotherVersion, parseLine } from "./line.js";
import type { Cover, Key, Line, Manifest, Remembered, Text } from "./line.js";
import { Lines } from "./lines.js";
import type { Receipt } from "./receipt.js";
import { addProblem, approverDiffers, countUnder, emptyReport, operatorDiffers, summaryDiffers } from "./report.js";
import type { Report, Wrong } from "./report.js";
import { stepOf } from "./step.js";
import { Tally } from "./tally.js";
import { told } from "./told.js";
import { approverOf, counts, operatorOf } from "./trust.js";
import type { TrustStore } from "./trust.js";
import { Under, acceptedBy } from "./under.js";
import type { Known } from "./under.js";

/** No section but the receipts has more lines: what is kept of them stays small. */
const MOST_BESIDE = 100_000;

/** After more lines than this that are none of a bundle, what follows is not read. */
const MOST_UNREAD = 100;

/** What is known of a policy's text: the line where it stands, and whether some receipt accepts it. */
interface Accepted {
  readonly line: number;
  used: boolean;
}

/** A bundle that is being read. It keeps some 100 bytes for each receipt and no receipt whole. */
export class Checker {
  private readonly report: Report = emptyReport();
  private number = 0;
  private unread = 0;
  private stage: "reading" | "ended" | "lost" = "reading";
  private readonly tally = new Tally();
  private cover: Cover | undefined;
  private readonly chain = new Chain();
  private course = new Course(true);
  private expected = 0;
  private readonly signatures = new Signatures();
  private readonly remembered: Remembered[] = [];
  /** Policy texts, by their hash. */
  private readonly texts = new Map<string, Accepted>();
  /** What receipts accept, and which of them. */
  private readonly accepted = new Map<string, number>();
  private readonly under: Under;
  private beside = 0;
  private earlier = 0;
  private lastEarlier: Receipt | undefined;
  private witnessed = 0;
  private outside = 0;
  private signedBy: string | undefined;

  /**
   * @param trust the auditor's keys
   * @param now the auditor's time, in milliseconds since the Unix epoch
   * @param known what is known of policies besides the texts inside
   */
  constructor(
    private readonly trust: TrustStore,
    private readonly now: number,
    known: Known = { own: [] },
  ) {
    this.under = new Under(known);
  }

  /** How many lines were judged so far. */
  get lines(): number {
    return this.number;
  }

  /** Judges the next line, without its line break. Says whether it is worth reading on. */
  line(bytes: Uint8Array): boolean {
    this.number += 1;
    if (this.stage === "lost") return false;
    if (this.stage === "ended") {
      this.wrong({ verdict: "Malformed" }, "something follows the manifest");
      this.stage = "lost";
      return false;
    }
    this.judge(bytes);
    return !this.isLost();
  }

  /** The file stops in the middle of a line, or a line is longer than any may be. */
  broken(because: string): void {
    this.number += 1;
    this.wrong({ verdict: "Truncated" }, because);
    this.stage = "lost";
  }

  /** The verdict, once the last line was read. */
  end(): Report {
    this.number = 0;
    if (this.stage === "reading") {
      this.wrong({ verdict: "Truncated" }, "the manifest is missing: the file was cut");
      this.complete();
    }
    this.remembered.forEach((head) => this.recall(head));
    this.policies();
    const { witnessed, outside, earlier, signedBy, under } = this;
    told(this.report, { witnessed, outside, earlier, signedBy, under, texts: this.texts.size });
    return this.report;
  }

  private isLost(): boolean {
    return this.stage === "lost";
  }

  private judge(bytes: Uint8Array): void {
    let line: Line;
    try {
      line = parseLine(bytes);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      return this.unreadable(bytes, error.message);
    }
    if (line.section === "manifest") this.manifest(line.manifest);
    else this.understood(line, bytes);
  }

  private unreadable(bytes: Uint8Array, because: string): void {
    this.tally.count(undefined, bytes);
    this.wrong({ verdict: isOfAnotherVersion(bytes) ? "Unsupported" : "Malformed" }, because);
    this.unread += 1;
    if (this.unread <= MOST_UNREAD) return;
    this.stage = "lost";
    this.report.notChecked.push(`what follows line ${this.number}: too many lines are none of a bundle`);
  }

  private understood(line: Line, bytes: Uint8Array): void {
    this.tally.count(line.section, bytes);
    const why = this.tally.whyNot(line);
    if (why !== undefined) {
      this.wrong({ verdict: "Malformed" }, why);
      if (this.cover === undefined) this.stage = "lost";
      return;
    }
    if (line.section !== "receipt") this.beside += 1;
    if (this.beside > MOST_BESIDE) {
      this.wrong({ verdict: "Malformed" }, "more lines beside the receipts than any bundle has");
      this.stage = "lost";
      return;
    }
    this.take(line);
  }

  private take(line: Line): void {
    switch (line.section) {
      case "bundle":
        return this.begin(line.cover);
      case "key":
        return this.key(line.key);
      case "policy":
        return this.text(line.text);
      case "head":
        return this.head(line.head);
      case "earlier":
        return this.before(line.receipt);
      case "receipt":
        return this.receipt(line.receipt);
    }
  }

  private begin(cover: Cover): void {
    const { ledger, range, since, until } = cover;
    this.cover = cover;
    Object.assign(this.report, { ledger }, range && { range }, since && { since: since.text }, until && { until: until.text });
    if (range !== undefined && (range.first === 0 || range.first > range.last)) {
      this.wrong({ verdict: "Malformed" }, "the cover names a range that cannot be");
    }
    this.expected = range?.first ?? 0;
    if (this.expected === 1) this.course = new Course(false);
  }

  /** Keys inside are compared with the pinned ones and never used. */
  private key(key: Key): void {
    if (!isNamedAfterItself(key)) {
      this.wrong({ verdict: "Malformed" }, "a key id does not belong to the key beside it");
    }
    const id = key.pinned.keyId;
    const difference =
      key.role === "operator"
        ? operatorDiffers(key.pinned, operatorOf(this.trust, id))
        : approverDiffers(key.pinned, approverOf(this.trust, id));
    if (difference !== undefined) this.report.differences.push(difference);
  }

  private text({ sha256, text }: Text): void {
    if (hex(digest(utf8(text))) !== sha256) {
      this.wrong({ verdict: "HashMismatch" }, "the text is not the one of its hash");
    }
    this.texts.set(sha256, { line: this.number, used: false });
  }

  private head(head: Remembered): void {
    if ((head.checkpoint === undefined) === (head.missing === undefined)) {
      this.wrong({ verdict: "Malformed" }, "a head is either there or missing");
    }
    if (head.checkpoint !== undefined) {
      const wrong = this.signatures.wrong(head.checkpoint, this.trust);
      if (wrong !== undefined) this.wrong(wrong, `the head that ${clip(head.by)} remembers`);
      if (head.checkpoint.head.ledger !== this.report.ledger) {
        this.wrong({ verdict: "Forked" }, "a head of another ledger");
      }
    }
    this.remembered.push(head);
  }

  private before(receipt: Receipt): void {
    const { seq, event } = receipt.content;
    const first = this.cover?.range?.first;
    if (first !== undefined && seq >= first) {
      this.wrong({ verdict: "Malformed" }, "an earlier receipt that is not earlier", seq);
    }
    if (event !== "key" && event !== "revoked" && event !== "policy") {
      this.wrong({ verdict: "Malformed" }, "an earlier receipt that changes nothing", seq);
    }
    this.earlier += 1;
    this.lastEarlier = receipt;
    this.holds(receipt, false);
  }

  private receipt(receipt: Receipt): void {
    const { content } = receipt;
    this.report.receipts += 1;
    this.linked(receipt);
    this.holds(receipt, true);
    this.headsInside(receipt);
    const why = this.course.follow(content.seq, stepOf(content));
    if (why !== undefined) this.wrong({ verdict: "Contradicted" }, why, content.seq);
    const since = this.cover?.since;
    if (this.report.receipts === 1 && since !== undefined && content.recordedAt.millis < since.millis) {
      this.wrong({ verdict: "Malformed" }, "from before the time it covers", content.seq);
    }
  }

  /** Whether the receipt is the next one, and follows the one before it. */
  private linked({ content: { seq, prev }, contentHash }: Receipt): void {
    const { expected, lastEarlier } = this;
    const neighbour = lastEarlier?.content.seq === seq - 1 ? lastEarlier.contentHash : undefined;
    const newest = this.chain.newest()?.hash ?? neighbour;
    if (seq > (this.cover?.range?.last ?? 0)) {
      this.wrong({ verdict: "ChainBroken", seq }, "outside the range of the cover", seq);
    } else if (seq !== expected) {
      const missing = `receipts ${expected} to ${Math.max(seq - 1, 0)} are missing`;
      this.wrong({ verdict: "ChainBroken", seq: expected }, missing, seq);
    } else if (newest !== undefined && prev !== newest) {
      this.wrong({ verdict: "ChainBroken", seq }, "it does not follow the one before it", seq);
    }
    this.expected = seq + 1;
    this.chain.push(seq, contentHash, prev);
  }

  private holds(receipt: Receipt, counts: boolean): void {
    const { content } = receipt;
    const { seq } = content;
    if (content.ledger !== this.report.ledger) this.wrong({ verdict: "Forked" }, "a receipt of another ledger", seq);
    const verdict = checkRead(receipt, this.trust, this.now);
    if (verdict.verdict !== "Valid") return this.wrong(verdict, "", seq);
    if (counts) {
      countUnder(this.report.levels, verdict.level);
      countUnder(this.report.events, verdict.event);
      this.under.compare(seq, content.policy?.policyHash);
    }
    this.accepts(receipt);
  }

  /** Remembers which text a receipt accepts. */
  private accepts({ content: { seq, event, requestId, action } }: Receipt): void {
    if (event !== "policy" || requestId !== undefined || action === undefined) return;
    const text = acceptedBy(action);
    if (text === undefined) return;
    if (!this.accepted.has(text)) this.accepted.set(text, seq);
    this.under.accept(action, text);
  }

  /** The heads that artifacts carry: each was signed by the operator, and by whoever answered. */
  private headsInside({ content: { seq, artifacts } }: Receipt): void {
    for (const artifact of artifacts) {
      const head = readHead(() => checkpointOf(artifact));
      if (head === undefined) continue;
      const wrong = this.signatures.wrong(head, this.trust);
      if (wrong !== undefined) this.wrong(wrong, "the head inside an artifact", seq);
      const says = this.chain.compare(head.head);
      if (says === "agrees") this.witnessed += 1;
      else if (says === "differs") this.wrong({ verdict: "Forked" }, "a head inside an artifact says otherwise", seq);
      else this.outside += 1;
    }
  }

  private manifest(manifest: Manifest): void {
    this.stage = "ended";
    if (this.cover === undefined) {
      return this.wrong({ verdict: "Malformed" }, "the file does not begin with its cover");
    }
    const summary = this.tally.summary(this.cover.ledger);
    this.complete();
    if (!same(summary, manifest.content)) {
      this.wrong({ verdict: "HashMismatch" }, summaryDiffers(manifest.content, summary));
    }
    const wrong = this.wrongSignature(manifest);
    if (wrong === undefined) this.signedBy = manifest.keyId;
    else this.wrong(wrong, "the signature of the manifest");
  }

  /** What is wrong with a manifest that no operator signed whom the auditor pinned. */
  private wrongSignature({ content, keyId, signature }: Manifest): Wrong | undefined {
    const operator = operatorOf(this.trust, keyId);
    if (operator === undefined) return { verdict: "Untrusted", keyId: clip(keyId) };
    if (!counts(operator.status, this.now)) return { verdict: "Revoked" };
    const good = verifies(() => verifyDomain(operator.keys.signing, "bundle", content, signature));
    return good ? undefined : { verdict: "BadSignature" };
  }

  /** Every receipt that the cover promises was there. */
  private complete(): void {
    const [seq, last] = [this.expected, this.cover?.range?.last ?? 0];
    if (seq <= last && last > 0) {
      this.wrong({ verdict: "ChainBroken", seq }, `receipts ${seq} to ${last} are missing`);
    }
  }

  private recall({ by: name, checkpoint, missing = "" }: Remembered): void {
    const by = clip(name);
    const { report, cover } = this;
    if (checkpoint === undefined) {
      report.notChecked.push(`what ${by} remembers: ${clip(missing)}`);
      return;
    }
    const { seq } = checkpoint.head;
    const says = this.chain.compare(checkpoint.head);
    const open = cover?.range !== undefined && cover.until === undefined;
    if (says === "agrees") {
      report.checked.push(`${by} remembers receipt ${seq}, which is here as it remembers`);
    } else if (says === "differs") {
      this.wrong({ verdict: "Forked" }, `${by} remembers another receipt ${seq}`, seq);
    } else if (says === "after" && open) {
      this.wrong({ verdict: "Truncated" }, `${by} remembers receipt ${seq}, the bundle ends before that`, seq);
    } else {
      report.notChecked.push(`${by} remembers receipt ${seq}, which is outside this bundle`);
    }
  }

  /** Every text was accepted, and every accepted text is here. */
  private policies(): void {
    for (const [hash, seq] of sorted(this.accepted)) {
      const text = this.texts.get(hash);
      if (text !== undefined) text.used = true;
      else {
        const words = `the text of policy ${hash}, accepted in receipt ${seq}: it is not in the bundle`;
        this.report.notChecked.push(words);
      }
    }
    for (const [, { line, used }] of sorted(this.texts)) {
      if (used) continue;
      this.number = line;
      this.wrong({ verdict: "HashMismatch" }, "a policy that no receipt here accepts");
    }
  }

  private wrong(wrong: Wrong, because: string, receipt?: number): void {
    const words = clip(because);
    addProblem(this.report, {
      line: this.number,
      ...(receipt === undefined ? {} : { receipt }),
      ...wrong,
      ...(words === "" ? {} : { because: words }),
    });
  }
}

/**
 * Reads a bundle as it comes, in pieces of any size, and judges it line by line.
 *
 * @param pieces the bytes of the file, in order
 * @param pause awaited after each line, so that others have their turn; what it throws ends the check
 */
export async function checkBundle(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  checker: Checker,
  pause: (lines: number) => Promise<void> | void = () => {},
): Promise<Report> {
  const lines = new Lines();
  for await (const piece of pieces) {
    for (const line of lines.in(piece)) {
      if (!checker.line(line)) return checker.end();
      await pause(checker.lines);
    }
    if (lines.rest > MAX_LINE) break;
  }
  if (lines.rest > 0) checker.broken("the file stops in the middle of a line, or a line is too long");
  return checker.end();
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What cannot be read is no receipt, and was told. */
function readHead(read: () => Checkpoint | undefined): Checkpoint | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
