//! The exact rule of a grant in words, the same for whoever asks for it, signs it and lists it.

use super::Grant;
use crate::display::visible;

impl Grant {
    /// The rule, a line for each part of it. Everything foreign in it is safe to show.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let text = |text: &str| visible(text, false);
        let hash = self.action_hash().map(|hash| hash.to_string()).unwrap_or_default();
        vec![
            "without asking again, exactly this call and no other".to_owned(),
            format!("call        {hash}"),
            format!("made by     {}", text(&self.principal)),
            match &self.session {
                Some(id) => format!("session     only {}", text(id)),
                None => "session     any of theirs".to_owned(),
            },
            format!("in          {}", text(&self.workspace)),
            format!("until       {}", self.expires_at),
            match self.count {
                Some(1) => "how often   once".to_owned(),
                Some(count) => format!("how often   {count} times"),
                None => "how often   until then".to_owned(),
            },
        ]
    }
}
