#include "CStorage.h"
void indelible_storage_placeholder(void) {}
