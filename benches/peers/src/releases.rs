//! Which releases of other people's packages this is built with, as the lock file
//! has them.

const LOCK: &str = include_str!("../Cargo.lock");

/// The release of a package, one of those that this is built with.
///
/// # Panics
/// When there is no such package.
pub fn of(package: &str) -> &'static str {
    find(LOCK, package).expect("what is asked for is locked")
}

fn find<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let entry = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry)?;
    rest.split_once('"').map(|(release, _)| release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_is_that_of_the_very_package() {
        let lock = "[[package]]\nname = \"arrow-array\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"arrow\"\nversion = \"2.1.0\"\nsource = \"x\"\n";
        assert_eq!(find(lock, "arrow"), Some("2.1.0"));
        assert_eq!(find(lock, "row"), None);
    }
}
