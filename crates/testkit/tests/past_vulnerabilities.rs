//! `docs/past-vulnerabilities.md` names every attack, and every link in it leads to its test.

use std::path::Path;

/// How many attacks are known.
const ROWS: usize = 48;

#[test]
fn every_attack_has_its_row_and_every_link_leads_to_its_test() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let text = std::fs::read_to_string(docs.join("past-vulnerabilities.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| #"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), ROWS);
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(row[1], (at + 1).to_string());
        let links: Vec<&str> = row.iter().flat_map(|cell| links(cell)).collect();
        let open = row[2].contains("Not yet");
        assert!(!links.is_empty() || open, "row {} has no test and does not say so", row[1]);
        let name = format!("fn attack_{:02}_", at + 1);
        for link in links {
            let found = std::fs::read_to_string(docs.join(link));
            let code = found.unwrap_or_else(|error| panic!("row {}: `{link}`: {error}", row[1]));
            assert!(code.contains(&name), "row {}: no test of it in `{link}`", row[1]);
        }
    }
}

/// The targets of the links in a piece of Markdown.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|after| after.split(')').next())
}
