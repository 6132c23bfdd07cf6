//! One line of the result.

/// What was measured, and what the machine could do.
pub(super) struct Row {
    /// Stable, so that results can be compared.
    pub(super) name: &'static str,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    pub(super) better: Better,
    /// The machine's own limit, in the same unit.
    pub(super) limit: f64,
    /// What the limit is.
    pub(super) against: String,
    /// What the design asks of the reference machine, where it does.
    pub(super) budget: Option<f64>,
}

/// Which way is up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Better {
    Higher,
    Lower,
}

impl Better {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
        }
    }
}

impl Row {
    /// 1 at the limit, less below it.
    pub(super) fn ratio(&self) -> f64 {
        let (over, under) = match self.better {
            Better::Higher => (self.value, self.limit),
            Better::Lower => (self.limit, self.value),
        };
        if under > 0.0 { over / under } else { 0.0 }
    }

    /// Whether it is within its budget, where it has one.
    pub(super) fn holds(&self) -> bool {
        self.budget.is_none_or(|budget| match self.better {
            Better::Higher => self.value >= budget,
            Better::Lower => self.value <= budget,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(better: Better, value: f64, limit: f64) -> Row {
        let against = String::new();
        Row { name: "x", value, unit: "ms", better, limit, against, budget: Some(2.0) }
    }

    #[test]
    fn the_ratio_is_one_at_the_limit_and_less_below_it() {
        assert_eq!(row(Better::Higher, 5.0, 10.0).ratio(), 0.5);
        assert_eq!(row(Better::Lower, 10.0, 5.0).ratio(), 0.5);
        assert_eq!(row(Better::Lower, 3.0, 3.0).ratio(), 1.0);
        assert_eq!(row(Better::Higher, 3.0, 0.0).ratio(), 0.0);
    }

    #[test]
    fn a_budget_is_a_floor_or_a_ceiling() {
        assert!(row(Better::Higher, 2.0, 9.0).holds() && row(Better::Lower, 2.0, 1.0).holds());
        assert!(!row(Better::Higher, 1.9, 9.0).holds() && !row(Better::Lower, 2.1, 1.0).holds());
    }
}
