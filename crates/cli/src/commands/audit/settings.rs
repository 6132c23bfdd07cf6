//! The part `[ship]` of the home's `config.toml`: where lines go, and where the token lies.

use crate::failure::{Exit, Failure};
use countersign_store::files::{self, Links};
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// No settings are longer.
const LONGEST: u64 = 64 * 1024;

/// What the file says; what it does not say stays empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct ShipSettings {
    pub(super) to: Option<String>,
    pub(super) token_file: Option<PathBuf>,
}

impl ShipSettings {
    /// Reads the settings of a home. A word that is not known is refused, since it may be a mistyped
    /// one that is.
    pub(super) fn of(root: &Path) -> Result<Self, Failure> {
        let path = root.join("config.toml");
        let bad = |why: String| {
            let message = format!("`{}`: {why}", path.display());
            Failure::new(Exit::Usage, "config", message)
                .hint("[ship] takes to = \"https://…\" and token_file = \"PATH\"")
        };
        let text = match read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(bad(e.to_string())),
        };
        let mut settings = Self::parse(&text).map_err(bad)?;
        // A relative path is one below the home.
        settings.token_file = settings.token_file.map(|file| root.join(file));
        Ok(settings)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table = DeTable::parse(text).map_err(|e| e.message().to_owned())?;
        let mut settings = Self::default();
        let Some(ship) = table.get_ref().get("ship") else { return Ok(settings) };
        let DeValue::Table(ship) = ship.get_ref() else {
            return Err("`ship` is no table".to_owned());
        };
        for (name, value) in ship {
            let DeValue::String(value) = value.get_ref() else {
                return Err(format!("`ship.{}` is no text", name.get_ref()));
            };
            match name.get_ref().as_ref() {
                "to" => settings.to = Some(value.to_string()),
                "token_file" => settings.token_file = Some(PathBuf::from(value.as_ref())),
                other => return Err(format!("no setting `ship.{other}`")),
            }
        }
        Ok(settings)
    }
}

pub(super) fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    files::open(path, Links::Followed)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_strictly() {
        let text = "[other]\nx = 1\n[ship]\nto = \"https://c.example/\"\ntoken_file = \"token\"\n";
        let settings = ShipSettings::parse(text).unwrap();
        assert_eq!(settings.to.as_deref(), Some("https://c.example/"));
        assert_eq!(settings.token_file, Some("token".into()));
        assert_eq!(ShipSettings::parse("").unwrap(), ShipSettings::default());
        for bad in
            ["[ship]\ntoo = \"x\"", "[ship]\nto = 1", "ship = 1", "[ship]\ntoken = \"x\"", "["]
        {
            assert!(ShipSettings::parse(bad).is_err(), "{bad}");
        }
    }
}
