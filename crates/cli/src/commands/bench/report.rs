//! The result for people and for programs.

use super::machine::Machine;
use super::row::Row;
use serde_json::{Value, json};

/// One document.
pub(super) fn document(rows: &[Row], machine: &Machine) -> Value {
    let one = |row: &Row| {
        json!({
            "name": row.name,
            "value": short(row.value),
            "unit": row.unit,
            "better": row.better.name(),
            "limit": short(row.limit),
            "ratio": short(row.ratio()),
        })
    };
    json!({
        "rows": rows.iter().map(one).collect::<Vec<_>>(),
        "machine": {
            "syncsPerSecond": short(machine.syncs),
            "insertsPerSecond": short(machine.inserts),
            "signaturesPerSecond": short(machine.signatures),
            "verificationsPerSecond": short(machine.verifications),
        },
    })
}

/// A table, and what each limit is.
pub(super) fn text(rows: &[Row], machine: &Machine, in_memory: bool) -> String {
    let head = ["", "measured", "", "limit", "ratio", "budget", ""].map(str::to_owned);
    let mut lines = vec![head];
    lines.extend(rows.iter().map(cells));
    let mut text = table(&lines);
    text += "\nThe limit is this machine's own, measured in turns; the ratio is 1 at the limit.\n";
    for row in rows {
        text += &format!("  {:<24} against {}\n", row.name, row.against);
    }
    text += &format!(
        "This machine, in a second: {} synced appends, {} SQLite commits of one row; {} Ed25519 \
         signatures and {} strict verifications on one core.\n",
        figure(machine.syncs),
        figure(machine.inserts),
        figure(machine.signatures),
        figure(machine.verifications)
    );
    if in_memory {
        text += "The directory lies in memory: durable rows say nothing about a disk.\n";
    }
    text.truncate(text.trim_end().len());
    text
}

fn cells(row: &Row) -> [String; 7] {
    [
        row.name.to_owned(),
        figure(row.value),
        row.unit.to_owned(),
        figure(row.limit),
        format!("{:.2}", row.ratio()),
        row.budget.map_or_else(String::new, figure),
        match row.budget {
            None => "",
            Some(_) if row.holds() => "held",
            Some(_) => "MISSED",
        }
        .to_owned(),
    ]
}

/// Columns as wide as their widest cell; figures to the right, words to the left.
fn table(lines: &[[String; 7]]) -> String {
    const FIGURES: [bool; 7] = [false, true, false, true, true, true, false];
    let mut widths = [0; 7];
    for line in lines {
        widths.iter_mut().zip(line).for_each(|(w, cell)| *w = (*w).max(cell.len()));
    }
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(widths).zip(FIGURES).map(|((cell, width), right)| {
            if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn figure(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.3}"),
    }
}

/// Four digits: more would be noise.
fn short(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_as_long_as_they_are_sure() {
        assert_eq!(["12346", "12.3", "0.123"], [12345.6, 12.34, 0.1234].map(figure));
        assert_eq!(short(12_345.678), 12_350.0);
        assert_eq!(short(0.000_123_456), 0.000_123_5);
    }

    #[test]
    fn the_table_has_straight_columns() {
        let line = |name: &str, value: &str| {
            [name, value, "ms", "1", "1.00", "2", "held"].map(str::to_owned)
        };
        let text = table(&[line("a", "10"), line("long", "3")]);
        assert_eq!(text, "a     10  ms  1  1.00  2  held\nlong   3  ms  1  1.00  2  held\n");
    }
}
