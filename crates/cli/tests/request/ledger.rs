//! What the enforcer's ledger says.

use crate::common::World;

/// The events of all receipts, oldest first, each receipt authentic.
pub(crate) fn events(world: &World) -> Vec<String> {
    let newest = world.json("enforcer", &["status"])["ledger"]["receipts"].as_u64().unwrap();
    let event = |seq: u64| {
        let name = seq.to_string();
        assert_eq!(world.verify(&name, &[]).1, 0, "receipt {seq}");
        let receipt = world.json("enforcer", &["receipt", "show", &name]);
        receipt["content"]["event"].as_str().unwrap().to_owned()
    };
    (1..=newest).map(event).collect()
}
