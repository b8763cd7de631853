// Work in C, for builds without unwind tables but with frame pointers: leaves without a frame, early
// exits before the frame is made, recursion, callbacks through libc.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
  struct node* left;
  struct node* right;
  unsigned key;
};

static volatile unsigned sink;

#define NOINLINE __attribute__((noinline, noclone))

NOINLINE static unsigned mix(unsigned x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  return x;
}
NOINLINE static unsigned hash(const char* text) {
  unsigned value = 2166136261U;
  for (; *text != 0; ++text) value = (value ^ (unsigned char)*text) * 16777619U;
  return value;
}
NOINLINE static int compare(const void* a, const void* b) {
  const unsigned x = *(const unsigned*)a;
  const unsigned y = *(const unsigned*)b;
  return x < y ? -1 : x > y;
}
NOINLINE static struct node* insert(struct node* root, struct node* fresh) {
  if (root == NULL) return fresh;
  if (fresh->key < root->key) {
    root->left = insert(root->left, fresh);
  } else {
    root->right = insert(root->right, fresh);
  }
  return root;
}
NOINLINE static unsigned sum(const struct node* root) {
  if (root == NULL) return 0;
  return mix(root->key) + sum(root->left) + sum(root->right);
}
/// Most calls leave before there is a frame.
NOINLINE static unsigned rarely(unsigned x) {
  if ((x & 63U) != 0) return x + 1;
  char text[64];
  snprintf(text, sizeof text, "%u", x);
  return hash(text);
}
NOINLINE static void multiply(double* c, const double* a, const double* b, int n) {
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      double value = 0;
      for (int k = 0; k < n; ++k) value += a[i * n + k] * b[k * n + j];
      c[i * n + j] = value;
    }
  }
}
NOINLINE static void work(unsigned seed) {
  enum { kCount = 3000, kSize = 40 };
  static unsigned values[kCount];
  static struct node nodes[kCount];
  static double matrix[3][kSize * kSize];
  struct node* root = NULL;
  for (unsigned i = 0; i < kCount; ++i) {
    values[i] = mix(seed + i);
    nodes[i] = (struct node){NULL, NULL, values[i]};
    root = insert(root, &nodes[i]);
  }
  qsort(values, kCount, sizeof values[0], compare);
  sink += sum(root);
  for (unsigned i = 0; i < 60000; ++i) sink += rarely(i) + mix(i);
  multiply(matrix[0], matrix[1], matrix[2], kSize);
}

int main(void) {
  for (unsigned i = 0; i < 100000; ++i) work(i);
  return 0;
}
