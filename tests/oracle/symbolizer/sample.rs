use std::collections::{BTreeMap, HashMap};
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Shape { Circle(u32), Square { side: u32 }, Named(String) }
trait Area { fn area(&self) -> f64; }
impl Area for Shape { fn area(&self) -> f64 { match self { Shape::Circle(r) => 3.14 * (*r as f64), Shape::Square { side } => (*side as f64).powi(2), Shape::Named(s) => s.len() as f64 } } }
fn main() {
    let v: Vec<Shape> = (0..1000).map(|i| match i % 3 { 0 => Shape::Circle(i), 1 => Shape::Square { side: i }, _ => Shape::Named(format!("n{}", i)) }).collect();
    let mut m: HashMap<Shape, usize> = HashMap::new();
    for s in &v { *m.entry(s.clone()).or_insert(0) += 1; }
    let b: BTreeMap<_, _> = m.iter().map(|(k, v)| (k.clone(), *v)).collect();
    println!("{} {:?}", v.iter().map(|s| s.area()).sum::<f64>(), b.iter().next());
}
