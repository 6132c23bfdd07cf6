//! What stands beside an action in the asker's own words, without what was hidden of it.

use countersign_core::artifact::Context;
use countersign_core::redact::Disclosure;
use countersign_policy::hidden::texts;

/// What stands in place of a hidden text.
const INSTEAD: &str = "[hidden]";

/// The same words, in which none of these values can be read.
pub(crate) fn scrubbed(context: &Context, disclosures: &[Disclosure]) -> Context {
    let mut hidden: Vec<String> =
        texts(disclosures.iter().map(|disclosure| &disclosure.1)).into_iter().collect();
    // The longest first: a part of one would leave the rest of it.
    hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let clean = |text: &str| hidden.iter().fold(text.to_owned(), |t, h| t.replace(h, INSTEAD));
    let one = |text: &Option<String>| text.as_deref().map(clean);
    Context {
        agent: one(&context.agent),
        session: one(&context.session),
        description: one(&context.description),
        reasoning: one(&context.reasoning),
        details: context.details.iter().map(|(n, text)| (clean(n), clean(text))).collect(),
        notes: context.notes.iter().map(|note| clean(note)).collect(),
        ..context.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::encoding::Hash;
    use serde_json::json;

    #[test]
    fn attack_30_words_beside_the_action_do_not_tell_what_is_hidden() {
        let disclosures = [
            Disclosure("/arguments/key".into(), json!("hunter22"), Hash([0; 32])),
            Disclosure("/arguments/all".into(), json!({"a": ["hunter22-long"]}), Hash([0; 32])),
            Disclosure("/arguments/ok".into(), json!("yes"), Hash([0; 32])),
        ];
        let context = Context {
            description: Some("with hunter22, yes".into()),
            reasoning: Some("because hunter22-long".into()),
            details: [("k-hunter22".to_owned(), "hunter22".to_owned())].into(),
            notes: vec!["note hunter22".into()],
            workspace: Some("/srv".into()),
            ..Context::default()
        };
        let clean = scrubbed(&context, &disclosures);
        assert!(!format!("{clean:?}").contains("hunter22"), "{clean:?}");
        assert_eq!(clean.description.as_deref(), Some("with [hidden], yes"));
        assert_eq!(clean.reasoning.as_deref(), Some("because [hidden]"));
        assert_eq!(scrubbed(&context, &[]), context);
    }
}
