//! How a verdict came about, in plain words.

use super::{Engine, Explanation};
use crate::facts::Facts;

impl Engine {
    /// The same verdict, and how it came about.
    #[must_use]
    pub fn explain(&self, facts: &Facts) -> Explanation {
        let verdict = self.judge(facts);
        let sentence = verdict.display.clone();
        Explanation { verdict, sentence, considered: Vec::new() }
    }
}
