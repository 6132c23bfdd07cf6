//! Builds the console's page into the binary: the files of `web/console/dist`, and each once more,
//! compressed. Where they were not built there is no page, and the gateway says so.

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What is compressed already does not get smaller.
const COMPRESSED: [&str; 4] = ["png", "woff2", "webp", "jpg"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../web/console/dist");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    if folder.is_dir() {
        walk(&folder, "", &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (at, (name, path)) in files.iter().enumerate() {
        println!("cargo:rerun-if-changed={}", path.display());
        let bytes = fs::read(path)?;
        let smaller = compressed(name, &bytes)?;
        let packed = out.join(format!("{at}.gz"));
        fs::write(&packed, smaller.as_deref().unwrap_or_default())?;
        let digest = Sha256::digest(&bytes);
        let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let gzip = match smaller {
            Some(_) => format!("Some(include_bytes!({packed:?}))"),
            None => "None".to_owned(),
        };
        let path = path.canonicalize()?;
        writeln!(
            table,
            "File {{ name: {name:?}, tag: {tag:?}, plain: include_bytes!({path:?}), gzip: {gzip} }},"
        )?;
    }
    table.push_str("]\n");
    fs::write(out.join("page.rs"), table)?;
    Ok(())
}

/// Every file below `folder`, by its name with `/` between the parts.
fn walk(
    folder: &Path,
    below: &str,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| "a name that is no text")?;
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{below}{name}/"), found)?;
        } else {
            found.push((format!("{below}{name}"), entry.path()));
        }
    }
    Ok(())
}

/// The same bytes in every build: no name and no time stands in them.
fn compressed(name: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
    if COMPRESSED.iter().any(|end| name.ends_with(end)) {
        return Ok(None);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    let packed = encoder.finish()?;
    Ok((packed.len() < bytes.len()).then_some(packed))
}
