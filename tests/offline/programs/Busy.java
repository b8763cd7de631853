// Compiled while it runs: calls(3) → calls(2) → calls(1) → spin.
public class Busy {
  static long spin(int seed) {
    long sum = seed;
    for (int i = 0; i < 100_000_000; ++i) sum = sum * 31 + i;
    return sum;
  }

  static long calls(int depth) {
    return depth == 0 ? spin(depth) : calls(depth - 1) + 1;
  }

  public static void main(String[] arguments) {
    long sum = 0;
    for (int i = 0; i < 20; ++i) sum += calls(3);
    System.out.println(sum);
  }
}
