//! Paths. In messages between processes they are text where they can be, else bytes, so
//! that any file of the system can be named: use this module with `#[serde(with = "…")]`.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The folder that a path is in; of a bare name, the current one.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<&Path> for Wire {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_bytes().to_vec()),
        }
    }
}

impl From<Wire> for PathBuf {
    fn from(wire: Wire) -> Self {
        match wire {
            Wire::Text(text) => text.into(),
            Wire::Bytes(bytes) => OsString::from_vec(bytes).into(),
        }
    }
}

/// Writes one path.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    Wire::from(path).serialize(serializer)
}

/// Reads one path.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    Wire::deserialize(deserializer).map(PathBuf::from)
}

/// The same for a path that may be missing.
pub mod option {
    use super::{Deserialize, Deserializer, PathBuf, Serialize, Serializer, Wire};

    /// Writes a path, or nothing.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        path: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        path.as_deref().map(Wire::from).serialize(serializer)
    }

    /// Reads a path, or nothing.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<Wire>::deserialize(deserializer)?.map(PathBuf::from))
    }
}

/// The same for several paths.
pub mod list {
    use super::{Deserialize, Deserializer, PathBuf, Serializer, Wire};

    /// Writes paths.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(paths.iter().map(|path| Wire::from(path.as_path())))
    }

    /// Reads paths.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        let wire = Vec::<Wire>::deserialize(deserializer)?;
        Ok(wire.into_iter().map(PathBuf::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Message {
        #[serde(with = "super")]
        one: PathBuf,
        #[serde(with = "super::list")]
        many: Vec<PathBuf>,
    }

    #[test]
    fn a_path_that_is_not_text_survives_and_one_that_is_stays_readable() {
        let odd = PathBuf::from(OsString::from_vec(b"/tmp/b\xff.so".to_vec()));
        let message = Message {
            one: "a.so".into(),
            many: vec!["b.so".into(), odd],
        };
        let text = serde_json::to_string(&message).expect("every path can be written");
        assert!(text.contains(r#""one":"a.so""#), "{text}");
        let read: Message = serde_json::from_str(&text).expect("and read");
        assert_eq!(read, message);
    }
}
