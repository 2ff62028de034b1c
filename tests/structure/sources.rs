//! The source files of a cargo target: its module tree, which file imports which, and how
//! long each is. Items under `#[cfg(test)]` are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Names from the root of a target down to a module: `["guest", "arena"]`.
type ModulePath = Vec<String>;

/// What is known of one file.
pub struct Source {
    pub text: String,
    /// The files of this target whose modules it names.
    pub imports: BTreeSet<PathBuf>,
}

impl Source {
    /// Lines outside of top-level `#[cfg(test)]` items, as rustfmt lays them out.
    pub fn production_lines(&self) -> usize {
        let mut lines = 0;
        let mut test_item = None;
        for line in self.text.lines() {
            test_item = match test_item {
                None if line == "#[cfg(test)]" => Some(0),
                None => {
                    lines += 1;
                    None
                }
                // One line (`mod tests;`), or everything up to a brace at the left margin.
                Some(0) if line.ends_with(';') => None,
                Some(_) if line == "}" => None,
                Some(seen) => Some(seen + 1),
            };
        }
        lines
    }
}

/// Every file of the target whose root file is `root`.
pub fn of_target(root: &Path) -> BTreeMap<PathBuf, Source> {
    let mut reader = Reader::default();
    reader.read(root, Vec::new(), &folder(root));
    let homes = &reader.homes;
    let source = |(path, (module, text, parsed)): (PathBuf, (ModulePath, String, syn::File))| {
        let imports = BTreeSet::new();
        let mut finder = ImportFinder {
            homes,
            module,
            imports,
        };
        finder.visit_file(&parsed);
        let mut imports = finder.imports;
        imports.remove(&path);
        (path, Source { text, imports })
    };
    reader.parsed.into_iter().map(source).collect()
}

/// The files that import each other, directly or through others: each with those of its
/// imports that lead back to it.
pub fn circles(sources: &BTreeMap<PathBuf, Source>) -> BTreeMap<&Path, Vec<&Path>> {
    let mut circles = BTreeMap::<&Path, Vec<&Path>>::new();
    for (file, source) in sources {
        for import in &source.imports {
            if reachable(sources, import).contains(file.as_path()) {
                circles.entry(file).or_default().push(import);
            }
        }
    }
    circles
}

fn reachable<'a>(sources: &'a BTreeMap<PathBuf, Source>, from: &'a Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        let imports = sources[file].imports.iter().map(PathBuf::as_path);
        open.extend(imports.filter(|it| reached.insert(*it)));
    }
    reached
}

fn folder(file: &Path) -> PathBuf {
    file.parent().expect("a file is in a folder").to_owned()
}

/// Follows `mod` items from file to file.
#[derive(Default)]
struct Reader {
    /// The file that each module is written in.
    homes: BTreeMap<ModulePath, PathBuf>,
    parsed: BTreeMap<PathBuf, (ModulePath, String, syn::File)>,
}

impl Reader {
    /// `children` is the folder of the modules that the file declares.
    fn read(&mut self, file: &Path, module: ModulePath, children: &Path) {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.declare(file, &module, children, &parsed.items);
        self.parsed.insert(file.to_owned(), (module, text, parsed));
    }

    fn declare(&mut self, file: &Path, module: &ModulePath, children: &Path, items: &[syn::Item]) {
        self.homes.insert(module.clone(), file.to_owned());
        for item in items {
            let syn::Item::Mod(item) = item else { continue };
            if is_test(&item.attrs) {
                continue;
            }
            let name = item.ident.to_string();
            let inner: ModulePath = module.iter().chain([&name]).cloned().collect();
            let below = children.join(&name);
            if let Some((_, items)) = &item.content {
                self.declare(file, &inner, &below, items);
            } else if let Some(path) = path_attribute(&item.attrs) {
                let home = folder(file).join(path);
                self.read(&home, inner, &folder(&home));
            } else {
                let beside = children.join(format!("{name}.rs"));
                let home = if beside.exists() {
                    beside
                } else {
                    below.join("mod.rs")
                };
                self.read(&home, inner, &below);
            }
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    let is_cfg_test = |attribute: &syn::Attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    };
    attributes.iter().any(is_cfg_test)
}

/// The value of `#[path = "…"]`.
fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(path),
                    ..
                }) => Some(path.value()),
                _ => None,
            },
            _ => None,
        })
}

/// Collects the files that a file's paths and `use` items lead to.
struct ImportFinder<'a> {
    homes: &'a BTreeMap<ModulePath, PathBuf>,
    module: ModulePath,
    imports: BTreeSet<PathBuf>,
}

impl ImportFinder<'_> {
    /// Adds the file of the innermost module that the path names. A path that starts with
    /// neither `crate`, `self`, `super` nor a child module leads out of the target.
    fn add(&mut self, path: &[String]) {
        let mut module = match path {
            [first, ..] if first == "crate" => Vec::new(),
            [first, ..] if first == "self" || first == "super" => self.module.clone(),
            [first, _, ..] if self.homes.contains_key(&self.child(first)) => self.module.clone(),
            _ => return,
        };
        for name in path {
            match name.as_str() {
                "crate" | "self" => {}
                "super" => drop(module.pop()),
                name => {
                    module.push(name.to_owned());
                    if !self.homes.contains_key(&module) {
                        module.pop();
                        break;
                    }
                }
            }
        }
        self.imports.extend(self.homes.get(&module).cloned());
    }

    fn child(&self, name: &str) -> ModulePath {
        let name = name.to_owned();
        self.module.iter().cloned().chain([name]).collect()
    }

    fn add_use(&mut self, prefix: &[String], tree: &syn::UseTree) {
        let with = |ident: &syn::Ident| [prefix, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_use(&with(&path.ident), &path.tree),
            syn::UseTree::Group(group) => {
                group
                    .items
                    .iter()
                    .for_each(|tree| self.add_use(prefix, tree));
            }
            syn::UseTree::Name(name) => self.add(&with(&name.ident)),
            syn::UseTree::Rename(rename) => self.add(&with(&rename.ident)),
            syn::UseTree::Glob(_) => self.add(prefix),
        }
    }

    /// A macro's tokens are no syntax tree: its paths are names joined by `::`.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.add(&std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                _ => colons = 0,
            }
        }
        self.add(&path);
    }
}

impl<'ast> Visit<'ast> for ImportFinder<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_some() && !is_test(&item.attrs) {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.add_use(&[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        self.add(&names);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.add_tokens(item.tokens.clone());
    }

    // `pub(crate)` and `#[…]` import nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}
