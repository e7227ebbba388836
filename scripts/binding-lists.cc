// Stands in the place of TFE_OpSetAttrString in tfjs_backend.cc, which sets no lists of strings or types: "a,b" sets one where
// the operation wants a list, so that TensorFlow's fused operations can be had.

#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

extern "C" void SetStringOrList(TFE_Op* op, const char* name, const void* value, size_t length) {
  TF_Status* status = TF_NewStatus();
  unsigned char is_list = 0;
  const TF_AttrType type = TFE_OpGetAttrType(op, name, &is_list, status);
  const bool is_known = TF_GetCode(status) == TF_OK;
  TF_DeleteStatus(status);
  // What is unknown is refused where the operation is executed.
  if (!is_known || !is_list) return TFE_OpSetAttrString(op, name, value, length);

  std::vector<std::string> items(1);
  for (const char letter : std::string(static_cast<const char*>(value), length)) {
    if (letter == ',') items.emplace_back();
    else items.back() += letter;
  }
  if (type == TF_ATTR_TYPE) {
    std::vector<TF_DataType> types;
    for (const std::string& item : items) types.push_back(static_cast<TF_DataType>(std::stoi(item)));
    return TFE_OpSetAttrTypeList(op, name, types.data(), static_cast<int>(types.size()));
  }
  std::vector<const void*> texts;
  std::vector<size_t> lengths;
  for (const std::string& item : items) {
    texts.push_back(item.data());
    lengths.push_back(item.size());
  }
  TFE_OpSetAttrStringList(op, name, texts.data(), lengths.data(), static_cast<int>(texts.size()));
}
