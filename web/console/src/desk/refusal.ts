/** Why an answer is not signed. */
export class NotSigned extends Error {
  override readonly name = "NotSigned";
  /** The reason. */
  readonly code:
    | "Expired" | "NotAsked" | "ReasonMissing" | "ReasonTooLong" | "ScopeNotOffered" | "NothingOffered"
    | "MoreThanOffered" | "NotNext" | "Items" | "PasskeyMissing";

  constructor(code: NotSigned["code"], message: string) {
    super(message);
    this.code = code;
  }
}
