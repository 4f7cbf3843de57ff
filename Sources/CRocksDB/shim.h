#include <malloc.h>
#include <sys/mman.h>
#include <rocksdb/c.h>
